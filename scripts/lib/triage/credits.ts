import { askEscrow } from "./ask-escrow.js";
import { unite } from "./configured-tokens.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import { formatAmount } from "./money.js";
import { findStopped } from "./screening.js";
import type { Site } from "./site.js";
import { isSameAddress } from "../same-address.js";

/** What an account is owed of a token, and by payouts of which payments. */
interface Credit {
  readonly token: string;
  readonly account: string;
  readonly paymentIds: readonly string[];
  readonly balance: bigint;
}

/** Payouts that could not be pushed and that nobody has withdrawn. */
export async function findCredits(site: Site): Promise<Outcome> {
  const credits = await readCredits(site);
  const open = credits.filter(({ balance, paymentIds }) => balance > 0n && concerns(site, paymentIds));
  const stopped = await findStopped(
    site,
    open.map(({ account }) => account),
  );
  const tokens = await site.describe(open.map(({ token }) => token));
  const findings = open.map(({ token, account, balance, paymentIds }): Finding => {
    const frozenBy = stopped.get(account);
    const amount = formatAmount(tokens, token, balance);
    const others = paymentIds.length === 1 ? "" : ` and ${paymentIds.length - 1} other payments`;
    const earlier = site.beginsLate ? `, and perhaps from before block ${site.place.fromBlock},` : "";
    const paymentId = site.place.paymentId ?? paymentIds.at(-1)!;
    return {
      check: "credits",
      reason: frozenBy === undefined ? "credit_waiting" : "credit_frozen",
      paymentId,
      sentence:
        `${amount} from it${others}${earlier} could not be paid to one of its recipients. ` +
        (frozenBy === undefined
          ? "The recipient can have it sent to another address of theirs, and anybody to the recipient, with credit withdraw."
          : `It is frozen, because screening stops the recipient (${frozenBy}).`),
      command: site.command("payment show", paymentId),
    };
  });
  return {
    findings,
    unknown: await findUnlisted(site, credits),
    looked: `${credits.length} accounts that were ${site.beginsLate ? "" : "ever "}credited${site.since}`,
  };
}

/** Every account that was credited by the logs that were read, with what it is owed now. */
async function readCredits(site: Site): Promise<Credit[]> {
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
  return credits.map((credit, i) => ({ ...credit, balance: balances[i]![0] as bigint }));
}

const concerns = ({ place: { paymentId } }: Site, paymentIds: readonly string[]) =>
  paymentId === undefined || paymentIds.includes(paymentId);

/** What the escrow owes as credits, token by token, to accounts that the logs that were read do not name. */
async function findUnlisted(site: Site, credits: readonly Credit[]): Promise<Omit<Unknown, "check">[]> {
  const { paymentId: only, fromBlock } = site.place;
  const { courses } = await site.history();
  // All that ever happened to a payment comes after it was made.
  if (only !== undefined && (!site.beginsLate || courses.get(only)?.created.length)) return [];
  const { addresses, unknown } = await site.tokens();
  const tokens = unite(
    addresses,
    credits.map(({ token }) => token),
  );
  const totals = await askEscrow(
    site,
    "tokenTotals",
    tokens.map((token) => [token] as const),
  );
  const unlisted = tokens.flatMap((token, i) => {
    const [{ credits: total }] = totals[i] as [{ credits: bigint }];
    // Of an account that is owed for several payments nobody can say for which.
    const listed = credits
      .filter((credit) => only === undefined && isSameAddress(credit.token, token))
      .reduce((sum, { balance }) => sum + balance, 0n);
    return total > listed ? [{ token, amount: total - listed }] : [];
  });
  const described = await site.describe(unlisted.map(({ token }) => token));
  const command = site.command("triage credits", only);
  return [
    ...unlisted.map(({ token, amount }) => {
      const shown = formatAmount(described, token, amount);
      const why =
        only === undefined
          ? `${shown} are owed as credits, and the logs since block ${fromBlock} do not say to whom.`
          : `Whether any of the ${shown} that are owed as credits is from it, the logs since block ${fromBlock} do not say.`;
      return { why, command };
    }),
    ...unknown,
  ];
}
