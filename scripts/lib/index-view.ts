import type { IndexedPayment, IndexView, Status } from "./compare.js";
import type { ReadModel } from "./read-model.js";
import type { Payment } from "./signing.js";

type Row<Columns extends string> = Record<Columns, string>;

const TERMS = [
  "buyer",
  "seller",
  "token",
  "amount",
  "deadline",
  "onDeadline",
  "arbiter",
  "disputeWindow",
  "feeBps",
  "feeRecipient",
  "paymentReference",
] as const satisfies (keyof Payment)[];

const COLUMNS = {
  payments: ["paymentId", ...TERMS, "status", "onHold", "held", "released", "refunded"],
  tokens: ["address", "held", "credits"],
  credits: ["token", "account", "balance"],
} as const;

type PaymentRow = Row<Exclude<(typeof COLUMNS.payments)[number], "onHold">> & { onHold: boolean };

/** Positions in the Solidity enum `DeadlineAction`, by the names that the read model gives them. */
const DEADLINE_ACTIONS: Readonly<Record<string, bigint>> = { Refund: 0n, Release: 1n };

/** The terms of a payment, as GraphQL gives them. */
export const termsOfRow = (row: Row<(typeof TERMS)[number]>): Payment => ({
  buyer: row.buyer,
  seller: row.seller,
  token: row.token,
  amount: BigInt(row.amount),
  deadline: BigInt(row.deadline),
  // An unknown name must not pass for a known one: no terms hash with -1.
  onDeadline: DEADLINE_ACTIONS[row.onDeadline] ?? -1n,
  arbiter: row.arbiter,
  disputeWindow: BigInt(row.disputeWindow),
  feeBps: BigInt(row.feeBps),
  feeRecipient: row.feeRecipient,
  paymentReference: row.paymentReference,
});

/** Everything that GraphQL says of one chain's payments, tokens and credits. */
export async function readIndex(readModel: ReadModel, chainId: number): Promise<IndexView> {
  const payments = await readModel.rows<PaymentRow>("payments", chainId, COLUMNS.payments);
  const tokens = await readModel.rows<Row<(typeof COLUMNS.tokens)[number]>>(
    "tokens",
    chainId,
    COLUMNS.tokens,
  );
  const credits = await readModel.rows<Row<(typeof COLUMNS.credits)[number]>>(
    "credits",
    chainId,
    COLUMNS.credits,
  );
  return {
    payments: payments.map(parsePayment),
    tokens: new Map(
      tokens.map(({ address, held, credits }) => [address, { held: BigInt(held), credits: BigInt(credits) }]),
    ),
    credits: new Map(credits.map(({ token, account, balance }) => [`${token}/${account}`, BigInt(balance)])),
    paymentEvents: await readModel.count("paymentEvents", chainId),
  };
}

function parsePayment(row: PaymentRow): IndexedPayment {
  return {
    ...row,
    status: row.status as Status,
    ...termsOfRow(row),
    held: BigInt(row.held),
    released: BigInt(row.released),
    refunded: BigInt(row.refunded),
  };
}
