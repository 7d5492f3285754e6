import type { Payment } from "./signing.js";

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
