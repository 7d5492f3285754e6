import { Fault } from "../../../deploy/fault.js";
import { judge } from "./judge.js";
import { samplesOf } from "./samples.js";

/**
 * Refuses what turns observing into enforcing while the books are not known to be right.
 *
 * @param what Names it, for the sentence.
 * @throws {@link Fault} with every reason, if the gate is shut.
 */
export async function requireOpenGate(chainId: number, what: string, folder?: string): Promise<void> {
  const verdict = judge(await samplesOf(chainId, folder).read(), Math.floor(Date.now() / 1000));
  if (verdict.open) return;
  throw new Fault(`The gate is shut, so ${what} has to wait (npx hardhat gate tells more):`, {
    details: verdict.reasons,
  });
}
