import { getAddress, isAddress } from "ethers";

import { isSameAddress } from "../same-address.js";
import { askEscrow } from "./ask-escrow.js";
import { unite } from "./configured-tokens.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import { formatAmount } from "./money.js";
import { findStopped } from "./screening.js";
import type { Site } from "./site.js";
import type { Tokens } from "./tokens.js";

/** What an account is owed of a token, and by payouts of which payments, as far as the logs that were read name them. */
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
  const findings = open.map((credit) => describe({ site, tokens }, credit, stopped.get(credit.account)));
  const earlier = credits.filter(({ paymentIds }) => paymentIds.length === 0).length;
  return {
    findings,
    unknown: await findUnlisted(site, credits),
    looked:
      `${credits.length - earlier} accounts that were ${site.beginsLate ? "" : "ever "}credited${site.since}` +
      (earlier > 0 ? `, and ${earlier} that the read model names besides` : ""),
  };
}

function describe(
  { site, tokens }: { site: Site; tokens: Tokens },
  { token, balance, paymentIds }: Credit,
  frozenBy: string | undefined,
): Finding {
  const paymentId = site.place.paymentId ?? paymentIds.at(-1);
  const about =
    paymentId === undefined
      ? { subject: token, command: site.command("triage credits") }
      : { paymentId, command: site.command("payment show", paymentId) };
  return {
    ...{ check: "credits", ...about },
    reason: frozenBy === undefined ? "credit_waiting" : "credit_frozen",
    sentence:
      `${formatAmount(tokens, token, balance)} from ${sourceOf(site, paymentIds)} could not be paid to one of its recipients. ` +
      (frozenBy === undefined
        ? "The recipient can have it sent to another address of theirs, and anybody to the recipient, with credit withdraw."
        : `It is frozen, because screening stops the recipient (${frozenBy}).`),
  };
}

function sourceOf({ beginsLate, place: { fromBlock } }: Site, { length: count }: readonly string[]): string {
  if (count === 0) return `a payment, credited before block ${fromBlock},`;
  const others = count === 1 ? "" : ` and ${count - 1} other payments`;
  return `it${others}${beginsLate ? `, and perhaps from before block ${fromBlock},` : ""}`;
}

/** Every account that is known to have been credited, with what it is owed now. */
async function readCredits(site: Site): Promise<Credit[]> {
  const { courses } = await site.history();
  const owed = new Map<string, { token: string; account: string; paymentIds: string[] }>();
  const entryOf = (token: string, account: string) => {
    const key = `${token}/${account}`;
    const entry = owed.get(key) ?? { token, account, paymentIds: [] };
    owed.set(key, entry);
    return entry;
  };
  for (const [paymentId, { credited }] of courses) {
    for (const { token, account } of credited) {
      const { paymentIds } = entryOf(token, account);
      if (!paymentIds.includes(paymentId)) paymentIds.push(paymentId);
    }
  }
  for (const { token, account } of await listEarlier(site)) entryOf(token, account);
  const credits = [...owed.values()];
  const balances = await askEscrow(
    site,
    "creditOf",
    credits.map(({ token, account }) => [token, account] as const),
  );
  return credits.map((credit, i) => ({ ...credit, balance: balances[i]![0] as bigint }));
}

/** Accounts that the logs may not name: by the read model, if it answers. What it leaves out, the totals tell. */
async function listEarlier({
  readModel,
  place,
  beginsLate,
}: Site): Promise<Pick<Credit, "token" | "account">[]> {
  const found: Pick<Credit, "token" | "account">[] = [];
  if (!beginsLate) return found;
  try {
    const rows = readModel.rows("credits", place.record.chainId, ["token", "account"], { balance_gt: '"0"' });
    for await (const { token, account } of rows)
      if (isAddress(token) && isAddress(account))
        found.push({ token: getAddress(token), account: getAddress(account) });
  } catch {
    // Then nobody but the totals tells that there are any.
  }
  return found;
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
          ? `${shown} are owed as credits, and neither the logs since block ${fromBlock} nor the read model say to whom.`
          : `Whether any of the ${shown} that are owed as credits is from it, the logs since block ${fromBlock} do not say.`;
      return { why, command };
    }),
    ...unknown,
  ];
}
