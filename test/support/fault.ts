import { expect } from "chai";

import { Fault } from "../../deploy/fault.js";

/** What a refusal says to its reader. Fails if there is no refusal, or none that was meant for a reader. */
export async function faultIn(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => expect.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw error;
  return error.message;
}
