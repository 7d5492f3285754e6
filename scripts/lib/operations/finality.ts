import { LOCAL_CHAIN_ID } from "../../../deploy/parameters.js";
import type { AccountInManifest, Step } from "./manifest.js";

/** The newest block that a chain does not take back: as it says itself, or, where nothing is ever taken back, any. */
export type Finality = "finalized" | "latest";

/** Chains that are not here are asked which of their blocks are final. */
const FINALITY: Readonly<Record<number, Finality>> = { [LOCAL_CHAIN_ID]: "latest" };

/** How deep a block has to be on a chain whose nodes do not tell which are final. */
export const FINAL_DEPTH = 256;

export const finalityOf = (chainId: number): Finality => FINALITY[chainId] ?? "finalized";

/** Functions that keep harm away: soon needed, and no harm when called twice, although a second pause ends later. */
const PROTECTING = /^(pause|rollback|cancel)\(/;

/**
 * Whether a step can be sent anew although the chain might still take back that it failed. A Safe takes its transaction once,
 * however often it is sent.
 */
export const isHarmlessTwice = (
  { call }: Pick<Step, "call">,
  { kind }: Pick<AccountInManifest, "kind">,
): boolean => kind === "safe" || PROTECTING.test(call.function);
