import type { Result } from "ethers";

import type { AccessManager } from "../types/ethers-contracts/index.js";

/** Questions in one call; far below what nodes allow a call to cost. */
const AT_ONCE = 200;

/** The getters of the AccessManager that people ask about many things at once. */
type Getter =
  | "getAccess"
  | "getRoleAdmin"
  | "getRoleGuardian"
  | "getSchedule"
  | "getTargetFunctionRole"
  | "hasRole"
  | "isTargetClosed";

/** Asks the AccessManager the same about many things, in few requests: by its own multicall, which is only tried out. */
export async function askMany(
  accessManager: AccessManager,
  getter: Getter,
  questions: readonly (readonly unknown[])[],
): Promise<Result[]> {
  const abi = accessManager.interface;
  const answers: Result[] = [];
  for (let first = 0; first < questions.length; first += AT_ONCE) {
    const calls = questions
      .slice(first, first + AT_ONCE)
      .map((args) => abi.encodeFunctionData(getter as "getAccess", args as never));
    for (const answer of await accessManager.multicall.staticCall(calls))
      answers.push(abi.decodeFunctionResult(getter as "getAccess", answer));
  }
  return answers;
}
