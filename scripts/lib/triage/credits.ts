import { askEscrow } from "./ask-escrow.js";
import type { Finding, Outcome } from "./finding.js";
import { formatAmount } from "./money.js";
import { findStopped } from "./screening.js";
import type { Site } from "./site.js";

/** Payouts that could not be pushed and that nobody has withdrawn. */
export async function findCredits(site: Site): Promise<Outcome> {
  const { courses } = await site.history();
  const owed = new Map<string, { token: string; account: string; paymentIds: string[] }>();
  for (const [paymentId, { credited }] of courses) {
    for (const { token, account } of credited) {
      const key = `${token}/${account}`;
      const entry = owed.get(key) ?? { token, account, paymentIds: [] };
      if (!entry.paymentIds.includes(paymentId)) entry.paymentIds.push(paymentId);
      owed.set(key, entry);
    }
  }
  const credits = [...owed.values()];
  const balances = await askEscrow(
    site,
    "creditOf",
    credits.map(({ token, account }) => [token, account] as const),
  );
  const open = credits
    .map((credit, i) => ({ ...credit, balance: balances[i]![0] as bigint }))
    .filter(({ balance, paymentIds }) => balance > 0n && concerns(site, paymentIds));
  const stopped = await findStopped(
    site,
    open.map(({ account }) => account),
  );
  const tokens = await site.describe(open.map(({ token }) => token));
  const findings = open.map(({ token, account, balance, paymentIds }): Finding => {
    const frozenBy = stopped.get(account);
    const amount = formatAmount(tokens, token, balance);
    const others = paymentIds.length === 1 ? "" : ` and ${paymentIds.length - 1} other payments`;
    const paymentId = site.place.paymentId ?? paymentIds.at(-1)!;
    return {
      check: "credits",
      reason: frozenBy === undefined ? "credit_waiting" : "credit_frozen",
      paymentId,
      sentence:
        `${amount} from it${others} could not be paid to one of its recipients. ` +
        (frozenBy === undefined
          ? "The recipient can have it sent to another address of theirs, and anybody to the recipient, with credit withdraw."
          : `It is frozen, because screening stops the recipient (${frozenBy}).`),
      command: site.command("payment show", paymentId),
    };
  });
  return { findings, looked: `${credits.length} accounts that were ever credited` };
}

const concerns = ({ place: { paymentId } }: Site, paymentIds: readonly string[]) =>
  paymentId === undefined || paymentIds.includes(paymentId);
