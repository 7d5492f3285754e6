import { Interface, isError } from "ethers";

import { TARGET_INTERFACES, TARGET_NAMES } from "../../../deploy/selectors.js";
import { plain } from "../plain.js";
import { revertDataOf } from "../safe/errors.js";
import type { Fork, Mined } from "./fork.js";

interface CallTrace {
  readonly to?: string;
  readonly error?: string;
  readonly output?: string;
  readonly calls?: readonly CallTrace[];
}

/** Why a transaction on a fork failed: what the outermost contract said that does not only hide what another one said. */
export async function reasonOf(fork: Fork, { hash }: Mined): Promise<string> {
  const tracer = { tracer: "callTracer" };
  let call = (await fork.provider.send("debug_traceTransaction", [hash, tracer])) as CallTrace | undefined;
  let data = "0x";
  while (call !== undefined) {
    data = call.output ?? "0x";
    const reason = explainRevert(data);
    if (reason !== undefined && !FROM_A_SAFE.test(reason)) return reason;
    call = call.calls?.findLast(({ error }) => error !== undefined);
  }
  return data === "0x" ? "it reverts without a reason" : `it reverts with ${data}`;
}

/** Whether a contract reverted instead of answering, or answered what is none, whichever library says so. */
export const isNoAnswer = (error: unknown): boolean =>
  revertDataOf(error) !== undefined || isError(error, "BAD_DATA");

/** A Safe's own code for "the call failed". */
const FROM_A_SAFE = /^Error\(GS013\)$/;

/** Revert data in words, if it is an error of the suite's contracts or of Solidity itself. */
export function explainRevert(data: string): string | undefined {
  for (const name of TARGET_NAMES) {
    const error = TARGET_INTERFACES[name].parseError(data);
    if (error === null) continue;
    const args = error.fragment.inputs.map((input, i) => `${input.name} ${String(error.args[i])}`);
    return plain(`${error.name}(${args.join(", ")})`);
  }
  // Solidity's own: a reason in words, or a panic.
  const builtIn = new Interface([]).parseError(data);
  return builtIn === null ? undefined : plain(`${builtIn.name}(${builtIn.args.map(String).join(", ")})`);
}
