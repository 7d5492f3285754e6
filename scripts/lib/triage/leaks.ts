import type { Outcome } from "./finding.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";

/** Tokens of which the escrow has less than it owes: money is gone, whatever the books say. */
export async function findLeaks(site: Site): Promise<Outcome> {
  const { record } = site.place;
  const tokens = record.tokens.map(({ address }) => address);
  const { tokens: found } = await site.lens.snapshot(tokens, [], { blockTag: site.at.number });
  // A result of ethers makes results of what it is mapped to.
  const findings = [...found].flatMap(({ token, balance, held, credits }) => {
    const owed = held + credits;
    if (balance >= owed) return [];
    const missing = formatAmount(record, token, owed - balance);
    return [
      {
        check: "leaks" as const,
        reason: "money_missing",
        subject: token,
        sentence:
          `${missing} is missing: the escrow has ${formatAmount(record, token, balance)} and owes ` +
          `${formatAmount(record, token, owed)}.`,
        command: site.stopCommand("the escrow has less than it owes"),
      },
    ];
  });
  return { findings, looked: `${tokens.length} tokens` };
}
