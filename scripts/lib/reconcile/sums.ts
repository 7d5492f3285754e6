import { textOf, type PlainRow } from "./kinds.js";
import type { Scratch } from "./scratch.js";

/** What adds up to the same, of one token. */
export interface Sums {
  /** Held, by payments, by ledger accounts, by buyers and by sellers. */
  readonly held: { payments: bigint; ledger: bigint; buyers: bigint; sellers: bigint };
  readonly credits: { rows: bigint; ledger: bigint };
}

/** Adds up what follows from the events, per token, and names the events whose ledger entries do not sum to zero. */
export function sumUp(scratch: Scratch): { tokens: Map<string, Sums>; unbalanced: string[] } {
  const tokens = new Map<string, Sums>();
  const of = ({ token }: PlainRow) => {
    const known = tokens.get(token as string);
    if (known !== undefined) return known;
    const sums: Sums = {
      held: { payments: 0n, ledger: 0n, buyers: 0n, sellers: 0n },
      credits: { rows: 0n, ledger: 0n },
    };
    tokens.set(token as string, sums);
    return sums;
  };
  const amount = (row: PlainRow, column: string) => BigInt(row[column] as string);

  for (const row of scratch.rows("payment")) of(row).held.payments += amount(row, "held");
  for (const row of scratch.rows("credit")) of(row).credits.rows += amount(row, "balance");
  for (const row of scratch.rows("party")) {
    of(row).held.buyers += amount(row, "heldAsBuyer");
    of(row).held.sellers += amount(row, "heldAsSeller");
  }
  const unbalanced: string[] = [];
  let event = { place: "", sum: 0n };
  const close = () => {
    if (event.sum !== 0n) unbalanced.push(event.place);
  };
  // In the order of keys, so the entries of one event follow each other.
  for (const row of scratch.rows("ledgerEntry")) {
    const moved = amount(row, "credit") - amount(row, "debit");
    const place = `${textOf(row.block)}-${textOf(row.logIndex)}`;
    if (place !== event.place) {
      close();
      event = { place, sum: 0n };
    }
    event.sum += moved;
    const account = row.account as string;
    if (account.startsWith("payment:")) of(row).held.ledger += moved;
    if (account.startsWith("credit:")) of(row).credits.ledger += moved;
  }
  close();
  return { tokens, unbalanced };
}
