import type { Interface } from "ethers";

import { inBatches } from "./batches.js";
import type { Site } from "./site.js";

const QUESTIONS_AT_ONCE = 100;

/** Which questions to the escrow are asked about many at a time. */
interface Asked {
  screen: readonly [account: string];
  creditOf: readonly [token: string, account: string];
  tokenTotals: readonly [token: string];
  tokenConfig: readonly [token: string];
  approvalExpiry: readonly [approvalId: string];
}

/** Asks the escrow the same about many, in few requests: by its own multicall, which is only tried out. */
export async function askEscrow<Getter extends keyof Asked>(
  { escrow, at }: Site,
  getter: Getter,
  questions: readonly Asked[Getter][],
): Promise<unknown[][]> {
  // Typed for one function at a time.
  const abi = escrow.interface as Interface;
  return await inBatches(questions, QUESTIONS_AT_ONCE, async (some) => {
    const calls = some.map((args) => abi.encodeFunctionData(getter, args));
    const answers = await escrow.multicall.staticCall(calls, { blockTag: at.number });
    return answers.map((answer) => abi.decodeFunctionResult(getter, answer).toArray() as unknown[]);
  });
}
