import type { TypedDataDomain } from "ethers";

import { paymentIdOf, type Payment } from "./signing.js";

type Row = Record<keyof Payment, string>;

/** Positions in the Solidity enum `DeadlineAction`, by the names that the read model gives them. */
const DEADLINE_ACTIONS: Readonly<Record<string, bigint>> = { Refund: 0n, Release: 1n };

/** The terms of a payment, as GraphQL gives them. */
export const termsOfRow = (row: Row): Payment => ({
  buyer: row.buyer,
  seller: row.seller,
  token: row.token,
  amount: BigInt(row.amount),
  deadline: BigInt(row.deadline),
  // An unknown name must not pass for a known one: terms with -1 cannot be hashed, and whoever tries to is told so.
  onDeadline: DEADLINE_ACTIONS[row.onDeadline] ?? -1n,
  arbiter: row.arbiter,
  disputeWindow: BigInt(row.disputeWindow),
  feeBps: BigInt(row.feeBps),
  feeRecipient: row.feeRecipient,
  paymentReference: row.paymentReference,
});

/** Terms by payment, of the rows whose terms hash to their id: of all others the read model may have made up anything. */
export function provenTerms(
  domain: TypedDataDomain,
  rows: readonly (Row & { readonly paymentId: string })[],
): Map<string, Payment> {
  const proven = new Map<string, Payment>();
  for (const row of rows) {
    try {
      const terms = termsOfRow(row);
      if (paymentIdOf(domain, terms) === row.paymentId) proven.set(row.paymentId, terms);
    } catch {
      // Nonsense is no payment's terms.
    }
  }
  return proven;
}
