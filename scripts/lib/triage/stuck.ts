import { formatTime, PAUSE_BITS } from "../operations/units.js";
import type { Finding, Outcome } from "./finding.js";
import { formatAmount } from "./money.js";
import type { OpenPayment } from "./open-payments.js";
import { findStopped } from "./screening.js";
import type { Site } from "./site.js";

/** What stands in a payment's way: most urgent first, one finding a payment. */
interface Obstacle {
  readonly reason: string;
  readonly sentence: string;
  readonly command: string;
}

/** Payments that hold money and should have moved, or cannot move, and why. Open disputes are another check's. */
export async function findStuck(site: Site): Promise<Outcome> {
  const { payments, source, because, missing, unknown } = await site.open();
  const exitsUntil = Number(await site.escrow.pausedUntil(PAUSE_BITS.EXITS, { blockTag: site.at.number }));
  const stopped = await findStopped(
    site,
    payments.map((payment) => beneficiaryOf(payment).account),
  );
  const tokens = await site.describe(payments.map(({ terms }) => terms.token));
  const stuck = payments.flatMap((payment): Finding[] => {
    const [first, ...more] = obstaclesOf(site, payment, { exitsUntil, stopped });
    if (first === undefined) return [];
    const amount = formatAmount(tokens, payment.terms.token, payment.held);
    const sentence = [`It holds ${amount}.`, first.sentence, ...more.map((one) => one.sentence)].join(" ");
    return [{ check: "stuck", paymentId: payment.paymentId, ...first, sentence }];
  });
  const why = because === undefined ? "" : `, because ${because}`;
  return {
    findings: [...findMissing(site, missing), ...stuck],
    unknown,
    looked: `${payments.length} open payments, listed by ${source}${source === "the chain's logs" ? site.since : ""}${why}`,
  };
}

/** A read model that leaves open payments out, or changes their terms, is wrong, whatever it says of itself. */
function findMissing(site: Site, [paymentId, ...others]: readonly string[]): Finding[] {
  if (paymentId === undefined) return [];
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return [
    {
      ...{ check: "index", reason: "payments_missing", paymentId },
      sentence: `The read model does not list it as open under its own terms${more}, and on the chain it holds money.`,
      command: site.command("reconcile"),
    },
  ];
}

/** Whom a claim would pay. */
const beneficiaryOf = ({ terms }: OpenPayment) =>
  terms.onDeadline === 1n
    ? { part: "seller", account: terms.seller }
    : { part: "buyer", account: terms.buyer };

interface Circumstances {
  readonly exitsUntil: number;
  readonly stopped: ReadonlyMap<string, string>;
}

function obstaclesOf(site: Site, payment: OpenPayment, { exitsUntil, stopped }: Circumstances): Obstacle[] {
  const { paymentId, claimableAt, status, onHold } = payment;
  const { time } = site.at;
  const { part, account } = beneficiaryOf(payment);
  const isOverdue = status === "Funded" && time >= claimableAt + site.place.limits.grace;
  const screening = stopped.get(account);
  return [
    ...(onHold
      ? [
          {
            reason: "on_hold",
            sentence: "Compliance froze it, so it pays nobody until the hold is lifted.",
            command: site.command(
              "payment unhold",
              paymentId,
              '--reason "<why>" --from <a compliance officer>',
            ),
          },
        ]
      : []),
    ...(exitsUntil > time && isOverdue
      ? [
          {
            reason: "paused",
            sentence: `Every way out is paused until ${formatTime(exitsUntil)}.`,
            command: site.command("ops unpause", undefined, '--bits exits --reason "<why>"'),
          },
        ]
      : []),
    ...(screening !== undefined
      ? [
          {
            reason: "party_stopped",
            sentence: `Screening stops its ${part} (${screening}): what a claim pays would become a frozen credit.`,
            command: site.command("payment show", paymentId),
          },
        ]
      : []),
    ...(isOverdue
      ? [
          {
            reason: "unclaimed",
            sentence: `Its deadline was ${formatTime(claimableAt)}, and nobody has claimed it for the ${part}; anybody may.`,
            command: site.command("payment claim", paymentId),
          },
        ]
      : []),
  ];
}
