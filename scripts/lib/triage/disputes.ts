import { formatTime } from "../operations/units.js";
import type { Finding, Outcome } from "./finding.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";

/** Disputes whose arbiter's time is over: only a claim or a settlement ends them now. */
export async function findOverdueDisputes(site: Site): Promise<Outcome> {
  const { payments } = await site.open();
  const disputed = payments.filter(({ status }) => status === "Disputed");
  const findings = disputed
    .filter(({ claimableAt }) => site.at.time >= claimableAt)
    .map(({ paymentId, claimableAt, terms, held, onHold }): Finding => {
      const amount = formatAmount(site.place.record, terms.token, held);
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
  return { findings, looked: `${disputed.length} disputes` };
}
