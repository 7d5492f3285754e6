import type { TypedDataDomain } from "ethers";

import { paymentIdOf, type Payment } from "./signing.js";

/** How the index and the chain can differ. The words are those of reconciliation. */
export type Outcome =
  "missing_in_index" | "missing_on_chain" | "terms_mismatch" | "state_mismatch" | "total_mismatch";

export interface Difference {
  readonly outcome: Outcome;
  /** What it is about: a paymentId, a token's address, or an account's credit in a token. */
  readonly subject: string;
  /** What was found, and what was expected. */
  readonly detail: string;
}

export type Status = "None" | "Funded" | "Disputed" | "Closed";

/** Where a payment stands. Amounts are in the token's smallest unit. */
export interface State {
  readonly status: Status;
  readonly onHold: boolean;
  readonly held: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
}

export interface IndexedPayment extends Payment, State {
  readonly paymentId: string;
}

/** What the escrow owes of a token. */
export interface Totals {
  readonly held: bigint;
  readonly credits: bigint;
}

/** What GraphQL says, as of one block. Addresses are lower case. */
export interface IndexView {
  readonly payments: readonly IndexedPayment[];
  readonly tokens: ReadonlyMap<string, Totals>;
  /** Balances by `<token>/<account>`. */
  readonly credits: ReadonlyMap<string, bigint>;
  readonly paymentEvents: number;
}

/** What the chain says, as of the same block. Addresses are lower case. */
export interface ChainView {
  readonly domain: TypedDataDomain;
  /** By paymentId: of every `PaymentCreated` log, and of every other id that was asked for. */
  readonly payments: ReadonlyMap<string, State>;
  readonly tokens: ReadonlyMap<string, Totals & { balance: bigint }>;
  readonly credits: ReadonlyMap<string, bigint>;
  readonly paymentEvents: number;
}

/** Every difference between the index and the chain; none if the index can be believed. */
export function compare(chain: ChainView, index: IndexView): Difference[] {
  return [
    ...comparePayments(chain, index),
    ...compareCredits(chain, index),
    ...[...new Set([...chain.tokens.keys(), ...index.tokens.keys()])].flatMap((token) =>
      compareToken(token, chain, index),
    ),
    ...differing(
      "total_mismatch",
      "payment events",
      { events: index.paymentEvents },
      { events: chain.paymentEvents },
    ),
  ];
}

function comparePayments({ domain, payments }: ChainView, index: IndexView): Difference[] {
  const differences: Difference[] = [];
  const seen = new Set<string>();
  for (const row of index.payments) {
    const { paymentId } = row;
    if (seen.has(paymentId)) {
      differences.push({ outcome: "missing_on_chain", subject: paymentId, detail: "is in the index twice" });
    }
    seen.add(paymentId);

    const hash = paymentIdOf(domain, row);
    if (hash !== paymentId) {
      differences.push({
        outcome: "terms_mismatch",
        subject: paymentId,
        detail: `its terms hash to ${hash}`,
      });
    }
    const state = payments.get(paymentId);
    if (state === undefined || state.status === "None") {
      differences.push({ outcome: "missing_on_chain", subject: paymentId, detail: "is only in the index" });
    } else {
      differences.push(...differing("state_mismatch", paymentId, stateOf(row), stateOf(state)));
    }
  }
  for (const [paymentId, { status }] of payments) {
    if (status !== "None" && !seen.has(paymentId)) {
      differences.push({
        outcome: "missing_in_index",
        subject: paymentId,
        detail: `is ${status} on the chain`,
      });
    }
  }
  return differences;
}

function compareCredits(chain: ChainView, index: IndexView): Difference[] {
  return [...new Set([...chain.credits.keys(), ...index.credits.keys()])].flatMap((key) =>
    differing(
      "total_mismatch",
      `credit ${key}`,
      { balance: index.credits.get(key) ?? 0n },
      { balance: chain.credits.get(key) ?? 0n },
    ),
  );
}

function compareToken(token: string, chain: ChainView, index: IndexView): Difference[] {
  const stored = chain.tokens.get(token);
  const row = index.tokens.get(token);
  const subject = `token ${token}`;
  if (row === undefined) {
    return [{ outcome: "missing_in_index", subject, detail: "is used on the chain" }];
  }
  if (stored === undefined) {
    return [{ outcome: "missing_on_chain", subject, detail: "is only in the index" }];
  }

  const { balance, ...totals } = stored;
  const sums: Totals = {
    held: sum(
      index.payments.filter((payment) => payment.token.toLowerCase() === token).map(({ held }) => held),
    ),
    credits: sum(
      [...index.credits].filter(([key]) => key.startsWith(`${token}/`)).map(([, credit]) => credit),
    ),
  };
  const differences = [
    ...differing("total_mismatch", subject, { held: row.held, credits: row.credits }, { ...totals }),
    ...differing("total_mismatch", `sum of rows of ${subject}`, { ...sums }, { ...totals }),
  ];
  const owed = totals.held + totals.credits;
  if (balance < owed) {
    const detail = `the escrow owns ${balance} and owes ${owed}`;
    differences.push({ outcome: "total_mismatch", subject, detail });
  }
  return differences;
}

type Facts = Readonly<Record<string, bigint | number | string | boolean>>;

/** One difference that names every fact in which the index departs from the chain; none if it agrees. */
function differing(outcome: Outcome, subject: string, indexed: Facts, onChain: Facts): Difference[] {
  const details = Object.keys(onChain)
    .filter((fact) => indexed[fact] !== onChain[fact])
    .map((fact) => `${fact} is ${indexed[fact]} in the index, ${onChain[fact]} on the chain`);
  return details.length === 0 ? [] : [{ outcome, subject, detail: details.join("; ") }];
}

const stateOf = ({ status, onHold, held, released, refunded }: State): Facts => ({
  status,
  onHold,
  held,
  released,
  refunded,
});

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
