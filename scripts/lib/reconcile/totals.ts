import { ADVICE, type Findings } from "./findings.js";
import type { TokenTotals } from "./request.js";
import type { Scratch } from "./scratch.js";
import type { Contradiction, StateCheck } from "./state.js";
import { sumUp } from "./sums.js";

/**
 * Per token: what is held and owed, added up in every way there is, and covered by what the escrow owns.
 *
 * @param suspects What the contracts say otherwise than their logs.
 */
export async function checkTotals(
  scratch: Scratch,
  check: Pick<StateCheck, "balance">,
  suspects: readonly Contradiction[],
  findings: Findings,
): Promise<TokenTotals[]> {
  const unequal = (table: string, key: string, field: string, found: string, expected: string) =>
    findings.add({
      outcome: "total_mismatch",
      table,
      key,
      field,
      found,
      expected,
      advice: ADVICE.investigate,
    });
  const { tokens, unbalanced } = sumUp(scratch);
  for (const place of unbalanced) {
    unequal("ledgerEntry", place, "entries of the event", "do not sum to zero", "0");
  }
  const totals: TokenTotals[] = [];
  for (const row of scratch.rows("token")) {
    const token = row.address as string;
    const expected = { held: BigInt(row.held as string), credits: BigInt(row.credits as string) };
    for (const field of ["held", "credits"] as const) {
      for (const [who, sum] of Object.entries(tokens.get(token)?.[field] ?? {})) {
        if (sum === expected[field]) continue;
        unequal("token", token, `${field}, summed over ${who}`, String(sum), String(expected[field]));
      }
    }
    const balance = await check.balance(token);
    if (balance === undefined) continue;
    const { held, credits } = expected;
    totals.push({ token, held: String(held), credits: String(credits), balance: String(balance) });
    const owed = stored(suspects, token, "held", held) + stored(suspects, token, "credits", credits);
    if (balance >= owed) continue;
    findings.add({
      outcome: "total_mismatch",
      table: "token",
      key: token,
      field: "balance",
      found: String(balance),
      expected: `at least ${owed}: what is held and in credits`,
      advice: ADVICE.stopPayouts,
      leak: true,
    });
  }
  return totals;
}

/** What the contract owes is what it says that it owes, should its logs say otherwise. */
function stored(suspects: readonly Contradiction[], token: string, field: string, expected: bigint): bigint {
  const differing = suspects.find(
    (found) => found.table === "token" && found.key === token && found.field === field,
  );
  return differing === undefined ? expected : BigInt(differing.state);
}
