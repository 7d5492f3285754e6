import { Fault } from "../../../deploy/fault.js";
import { findInvented, type Chain } from "./audit.js";
import { judge, openers, type Verdict } from "./judge.js";
import { samplesOf, type Sample } from "./samples.js";

/** As {@link judge}, and before the gate opens samples are compared with the chain. */
export async function judgeByChain(chain: Chain, samples: readonly Sample[], now: number): Promise<Verdict> {
  const verdict = judge(samples, now);
  if (!verdict.open) return verdict;
  const reasons = await findInvented(chain, openers(samples, now));
  return { ...verdict, open: reasons.length === 0, reasons };
}

/**
 * Refuses what turns observing into enforcing while the books are not known to be right.
 *
 * @param what Names it, for the sentence.
 * @throws {@link Fault} with every reason, if the gate is shut.
 */
export async function requireOpenGate(chain: Chain, what: string, folder?: string): Promise<void> {
  const samples = await samplesOf(chain.record.chainId, folder).read();
  const verdict = await judgeByChain(chain, samples, Math.floor(Date.now() / 1000));
  if (verdict.open) return;
  throw new Fault(`The gate is shut, so ${what} has to wait (npx hardhat gate tells more):`, {
    details: verdict.reasons,
  });
}
