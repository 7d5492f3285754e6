import type { Provider } from "ethers";

import { collect, type Collected, type Given } from "../safe/collect.js";
import { readSignatures } from "../safe/files.js";
import { readSafeTree, type SafeTree } from "../safe/owners.js";
import type { OpenManifest } from "./open.js";
import { signaturesFolder } from "./raw.js";

/** The signatures that there are for a step of a Safe, checked. */
export interface Consents extends Collected {
  /** The Safe as it stands. */
  readonly tree: SafeTree;
  /** How many owners still have to agree. */
  readonly missing: number;
}

export interface Collecting {
  /** Who will send the transaction: an owner need not sign what it sends. */
  readonly executor?: string;
  /** From elsewhere than the operation's folder. */
  readonly given?: readonly Given[];
}

/** Collects what was signed for a step of a Safe, from the operation's folder and elsewhere, and checks all of it. */
export async function collectFor(
  provider: Provider,
  opened: OpenManifest,
  step: string,
  { executor, given = [] }: Collecting = {},
): Promise<Consents> {
  const transaction = opened.safeTransaction(step);
  const inFolder = await readSignatures(signaturesFolder(opened), transaction);
  const tree = await readSafeTree(provider, transaction.safe);
  const collected = await collect(provider, transaction, tree, [inFolder, ...given], { executor });
  return { ...collected, tree, missing: Math.max(0, tree.state.threshold - collected.signatures.length) };
}
