import type { EscrowLens } from "../../../types/ethers-contracts/index.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";

/** Tokens of which the escrow has less than it owes: money is gone, whatever the books say. */
export async function findLeaks(site: Site): Promise<Outcome> {
  const { addresses, unknown } = await site.tokens();
  const { told, silent } = await snapshot(site, addresses);
  const leaking = told.filter(({ balance, held, credits }) => balance < held + credits);
  const tokens = await site.describe(leaking.map(({ token }) => token));
  const findings = leaking.map(({ token, balance, held, credits }): Finding => {
    const owed = held + credits;
    const shown = (amount: bigint) => formatAmount(tokens, token, amount);
    return {
      check: "leaks",
      reason: "money_missing",
      subject: token,
      sentence: `${shown(owed - balance)} is missing: the escrow has ${shown(balance)} and owes ${shown(owed)}.`,
      command: site.stopCommand("the escrow has less than it owes"),
    };
  });
  return { findings, unknown: [...unknown, ...silent], looked: `${addresses.length} tokens` };
}

type Snapshot = Awaited<ReturnType<EscrowLens["snapshot"]>>["tokens"][number];

interface Snapshots {
  readonly told: readonly Snapshot[];
  readonly silent: readonly Omit<Unknown, "check">[];
}

/** All in one call; one by one if that fails, so that a token that does not answer hides no other. */
async function snapshot({ lens, at }: Site, tokens: readonly string[]): Promise<Snapshots> {
  const ask = async (some: string[]) => [...(await lens.snapshot(some, [], { blockTag: at.number })).tokens];
  try {
    return { told: await ask([...tokens]), silent: [] };
  } catch (problem) {
    const answers = await Promise.all(tokens.map((token) => ask([token]).catch(() => token)));
    if (answers.every((answer) => typeof answer === "string")) throw problem;
    return {
      told: answers.flatMap((answer) => (typeof answer === "string" ? [] : answer)),
      silent: answers
        .filter((answer) => typeof answer === "string")
        .map((token) => ({ why: `The token ${token} does not tell what the escrow has of it.` })),
    };
  }
}
