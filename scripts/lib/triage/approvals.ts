import { formatUnits } from "ethers";

import { formatTime } from "../operations/units.js";
import { isSameAddress } from "../same-address.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import type { Approval } from "./history.js";
import { readEarlierApprovals } from "./earlier-approvals.js";
import { formatAmount } from "./money.js";
import type { OpenPayment } from "./open-payments.js";
import type { Site } from "./site.js";
import type { Tokens } from "./tokens.js";

/** How long an approval counts, in the escrow. */
const LIFETIME = 7 * 86_400;

/** Approvals of operators' payouts that nobody used. */
export async function findApprovals(site: Site): Promise<Outcome> {
  const { payments, unknown } = await site.open();
  const { approvals, looked, ...read } = await readUnspent(site, payments);
  const tokens = await site.describe(payments.map(({ terms }) => terms.token));
  const findings = payments.flatMap((payment): Finding[] => {
    const verdicts = (approvals.get(payment.paymentId) ?? []).map((approval) => ({
      approval,
      verdict: judge(site, payment, approval),
    }));
    const isWaiting = verdicts.some(({ verdict }) => verdict === "waiting" || verdict === "fresh");
    return latestOfEach(verdicts).flatMap(({ approval, verdict }) =>
      verdict === "fresh" || (verdict !== "waiting" && isWaiting)
        ? []
        : [describe({ site, tokens }, payment, approval, verdict)],
    );
  });
  return { findings, unknown: [...unknown, ...read.unknown], looked };
}

interface Unspent {
  readonly approvals: ReadonlyMap<string, readonly Approval[]>;
  readonly unknown: readonly Omit<Unknown, "check">[];
  readonly looked: string;
}

/** By the logs; those from before them, which only payments from before can have, by the read model. */
async function readUnspent(site: Site, payments: readonly OpenPayment[]): Promise<Unspent> {
  const { courses } = await site.history();
  const before = payments.filter(
    ({ paymentId }) => site.beginsLate && !courses.get(paymentId)?.created.length,
  );
  const earlier = await readEarlierApprovals(
    site,
    before.map(({ paymentId }) => paymentId),
  ).catch(() => undefined);
  const approvals = new Map(
    payments.map(({ paymentId }) => {
      const logged = courses.get(paymentId)?.approvals ?? [];
      const isLogged = ({ approvalId }: Approval) => logged.some((one) => one.approvalId === approvalId);
      const others = (earlier?.get(paymentId) ?? []).filter((approval) => !isLogged(approval));
      return [paymentId, [...others, ...logged.filter(({ isSpent }) => !isSpent)]] as const;
    }),
  );
  const count = [...approvals.values()].flat().length;
  const byIndex = before.length > 0 && earlier ? ", and before it by the read model" : "";
  return {
    approvals,
    unknown: earlier === undefined ? [untold(site, before.length)] : [],
    looked: `${count} approvals that were not used${site.since}${byIndex}`,
  };
}

/** On the chain approvals can be looked up, but listed by its logs only. */
function untold(site: Site, count: number): Omit<Unknown, "check"> {
  const { paymentId, fromBlock } = site.place;
  const whose = count === 1 ? "1 open payment that was" : `${count} open payments that were`;
  return {
    why:
      `Approvals from before block ${fromBlock} are not known of ${whose} made before it, because the read model does not ` +
      "tell them.",
    command: site.command("triage approvals", paymentId),
  };
}

type Verdict = "fresh" | "waiting" | "expired" | "stale";

function judge({ at, place }: Site, { held, released }: OpenPayment, approval: Approval): Verdict {
  if (approval.held !== held || approval.released !== released) return "stale";
  if (at.time >= approval.expiresAt) return "expired";
  return at.time - (approval.expiresAt - LIFETIME) < place.limits.grace ? "fresh" : "waiting";
}

/** Approving again replaces an approval, and what counts of several that are stale is that there are some. */
const latestOfEach = (verdicts: readonly { approval: Approval; verdict: Verdict }[]) => [
  ...new Map(verdicts.map((one) => [`${one.approval.action} ${one.approval.amount}`, one])).values(),
];

function describe(
  { site, tokens }: { site: Site; tokens: Tokens },
  { paymentId, terms, held }: OpenPayment,
  { action, amount, expiresAt }: Approval,
  verdict: Exclude<Verdict, "fresh">,
): Finding {
  const shown = (value: bigint) => formatAmount(tokens, terms.token, value);
  const known = tokens.tokens.find(({ address }) => isSameAddress(address, terms.token));
  const toType = (value: bigint) => `--amount ${formatUnits(value, known?.decimals ?? 0)}`;
  const what = `The ${action} of ${shown(amount)}`;
  const isTooMuch = amount > held;
  const again = site.command(
    `payment approve-${action}`,
    paymentId,
    `${toType(isTooMuch ? held : amount)} --from <an approver>`,
  );
  const { sentence, command } = {
    waiting: {
      sentence: `${what} is approved, and no operator has carried it out; the approval ends ${formatTime(expiresAt)}.`,
      command: site.command(`payment ${action}`, paymentId, `${toType(amount)} --from <an operator>`),
    },
    expired: {
      sentence: `${what} was approved and not carried out by ${formatTime(expiresAt)}: it needs an approval again.`,
      command: again,
    },
    stale: {
      sentence:
        `${what} was approved, and the payment has moved since: it needs an approval again, if it is still wanted` +
        `${isTooMuch ? `; only ${shown(held)} is held now` : ""}.`,
      command: again,
    },
  }[verdict];
  return { check: "approvals", reason: `approval_${verdict}`, paymentId, sentence, command };
}
