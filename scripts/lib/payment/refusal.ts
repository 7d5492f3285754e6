import { Fault } from "../../../deploy/fault.js";
import { explainRevert } from "../operations/reverts.js";
import { revertDataOf } from "../safe/errors.js";
import { OBSTACLES } from "./obstacles.js";

/**
 * Asks the escrow, or sends to it.
 *
 * @param then What to say besides, if it refuses.
 * @throws {@link Fault} with the escrow's error by its name, and in words where there are any.
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

/** Why the escrow refuses, or nothing if it was something else that failed. */
export function refusalIn(problem: unknown): string | undefined {
  const data = revertDataOf(problem);
  if (data === undefined) return undefined;
  if (data === "0x") return "The escrow refuses without a reason.";
  const error = explainRevert(data);
  if (error === undefined)
    return `The escrow refuses with ${data.slice(0, 10)}, which is no error of the suite's.`;
  const sentence = OBSTACLES.find(([name]) => error.startsWith(`${name}(`))?.[1];
  return `The escrow refuses: ${error}.${sentence === undefined ? "" : ` ${sentence}`}`;
}
