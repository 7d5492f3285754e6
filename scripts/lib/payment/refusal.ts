import { Fault } from "../../../deploy/fault.js";
import { explainRevert } from "../operations/reverts.js";
import { revertDataOf } from "../safe/errors.js";
import { OBSTACLES } from "./obstacles.js";

/** What the likeliest errors mean that are no obstacles of a payment. */
const MEANINGS: readonly (readonly [error: string, sentence: string])[] = [
  ["AccessManagedUnauthorized", "This account has not the role for it."],
  ["AccessManagerNotScheduled", "This account's role has a delay, and the call was not scheduled."],
  [
    "CreditPushFailed",
    "The token or the recipient refuses the money. It stays as it is until that has changed, or its owner names another " +
      "recipient with --to.",
  ],
];

/**
 * Asks a contract of the suite, or sends to it.
 *
 * @param then What to say besides, if it refuses.
 * @throws {@link Fault} with the contract's error by its name, and in words where there are any.
 */
export async function orRefusal<Answer>(work: () => Promise<Answer>, then: string): Promise<Answer> {
  try {
    return await work();
  } catch (cause) {
    const refusal = refusalIn(cause);
    if (refusal === undefined) throw cause;
    throw new Fault(`${refusal} ${then}`, { cause });
  }
}

/** Why the contract refuses, or nothing if it was something else that failed. */
export function refusalIn(problem: unknown): string | undefined {
  const data = revertDataOf(problem);
  if (data === undefined) return undefined;
  if (data === "0x") return "The contract refuses without a reason.";
  const error = explainRevert(data);
  if (error === undefined)
    return `The contract refuses with ${data.slice(0, 10)}, which is no error of the suite's.`;
  const sentence = [...OBSTACLES, ...MEANINGS].find(([name]) => error.startsWith(`${name}(`))?.[1];
  return `The contract refuses: ${error}.${sentence === undefined ? "" : ` ${sentence}`}`;
}
