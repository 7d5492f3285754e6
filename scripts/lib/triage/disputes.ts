import { formatTime } from "../operations/units.js";
import type { Finding, Outcome } from "./finding.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";

/** Disputes whose arbiter's time is over: only a claim or a settlement ends them now. */
export async function findOverdueDisputes(site: Site): Promise<Outcome> {
  const { payments, unknown } = await site.open();
  const disputed = payments.filter(({ status }) => status === "Disputed");
  const overdue = disputed.filter(({ claimableAt }) => site.at.time >= claimableAt);
  const tokens = await site.describe(overdue.map(({ terms }) => terms.token));
  const findings = overdue.map(({ paymentId, claimableAt, terms, held, onHold }): Finding => {
    const amount = formatAmount(tokens, terms.token, held);
    const to = terms.onDeadline === 1n ? "seller" : "buyer";
    return {
      check: "disputes",
      reason: "arbiter_silent",
      paymentId,
      sentence:
        `Nobody ruled on it in the time for that, which ended ${formatTime(claimableAt)}. Anybody may claim ` +
        `its ${amount} for the ${to} now${onHold ? ", once the hold on it is lifted" : ""}.`,
      command: onHold
        ? site.command("payment unhold", paymentId, '--reason "<why>" --from <a compliance officer>')
        : site.command("payment claim", paymentId),
    };
  });
  return { findings, unknown, looked: `${disputed.length} disputes` };
}
