import type { Result } from "ethers";

import { readLogs, type NamedLog } from "../../../deploy/logs.js";
import { Escrow__factory } from "../../../types/ethers-contracts/index.js";
import type { Payment } from "../signing.js";
import { readEarlierTerms } from "./earlier-terms.js";
import type { Site } from "./site.js";

/** Money that a payment paid out, by one log. */
export interface Movement {
  readonly amount: bigint;
  /** What the payment held afterwards. */
  readonly held: bigint;
  readonly transaction: string;
}

/** An operator's payout that somebody consented to, from one state of one payment. */
export interface Approval {
  readonly approvalId: string;
  readonly action: "release" | "refund";
  readonly amount: bigint;
  readonly held: bigint;
  readonly released: bigint;
  /** Unix seconds. */
  readonly expiresAt: number;
  isSpent: boolean;
}

/** What logs say of one payment. */
export interface Course {
  /** Nothing if its beginning is not among the logs that were read, and the read model does not tell them. */
  terms?: Payment;
  /** Nothing in here if it began before the logs that were read. */
  readonly created: { readonly transaction: string; readonly block: number }[];
  readonly movements: Movement[];
  readonly approvals: Approval[];
  /** Payouts that stayed as credits; `reason` by its place in Solidity's `ComplianceReason`. */
  readonly credited: {
    readonly token: string;
    readonly account: string;
    readonly amount: bigint;
    readonly reason: number;
  }[];
}

/** What left the escrow of one token in one transaction, as its events account for it. */
export interface Outgoing {
  amount: bigint;
  readonly token: string;
  readonly transaction: string;
  paymentId?: string;
}

export interface History {
  readonly courses: ReadonlyMap<string, Course>;
  readonly outgoing: ReadonlyMap<string, Outgoing>;
  /** By transaction: what left for payments of which nobody tells the token. */
  readonly untold: ReadonlyMap<string, bigint>;
  /** Tokens that were ever configured, lower case. */
  readonly tokens: ReadonlySet<string>;
}

/** The key of what left in one transaction. */
export const outgoingKey = (transaction: string, token: string) => `${transaction}/${token}`.toLowerCase();

/** Reads the escrow's logs up to the moment. */
export async function readHistory(site: Site): Promise<History> {
  const { place, at } = site;
  const source = {
    contract: "escrow",
    address: place.record.contracts.escrow.address,
    abi: Escrow__factory.createInterface(),
    events: Object.keys(READERS),
  };
  const book: Book = { courses: new Map(), outgoing: new Map(), untold: new Map(), tokens: new Set() };
  for (const log of await readLogs(place.provider, [source], place.fromBlock, at.number))
    READERS[log.event as keyof typeof READERS](log, book);
  await completeTerms(site, book);
  for (const [paymentId, course] of book.courses) account(site, book, paymentId, course);
  return book;
}

/** Logs that begin late lack the terms of what was there before. From the beginning, none may lack any. */
async function completeTerms(site: Site, { courses }: Book): Promise<void> {
  if (!site.beginsLate) return;
  const lacking = [...courses].filter(([, { terms }]) => terms === undefined).map(([paymentId]) => paymentId);
  for (const [paymentId, terms] of await readEarlierTerms(site, lacking))
    courses.get(paymentId)!.terms = terms;
}

/** What a payment paid out left in its token: which its events do not say. */
function account({ beginsLate }: Site, book: Book, paymentId: string, { terms, movements }: Course): void {
  for (const { transaction, amount } of movements)
    if (terms !== undefined) leave(book, transaction, terms.token, amount, paymentId);
    else if (beginsLate) book.untold.set(transaction, (book.untold.get(transaction) ?? 0n) + amount);
}

interface Book {
  readonly courses: Map<string, Course>;
  readonly outgoing: Map<string, Outgoing>;
  readonly untold: Map<string, bigint>;
  readonly tokens: Set<string>;
}

/** What each event adds to the history. */
const READERS = {
  PaymentCreated: ({ args, log }: NamedLog, book: Book) => {
    const course = courseOf(args, book);
    course.terms = termsOf(args);
    course.created.push({ transaction: log.transactionHash, block: log.blockNumber });
  },
  PaymentReleased: move,
  PaymentRefunded: move,
  PayoutApproved: ({ args }: NamedLog, book: Book) => {
    courseOf(args, book).approvals.push({
      approvalId: args.approvalId as string,
      action: args.action === 0n ? "release" : "refund",
      amount: args.amount as bigint,
      held: args.held as bigint,
      released: args.released as bigint,
      expiresAt: Number(args.expiresAt),
      isSpent: false,
    });
  },
  PayoutApprovalSpent: ({ args }: NamedLog, book: Book) => {
    const { approvals } = courseOf(args, book);
    const spent = approvals.findLast(({ approvalId }) => approvalId === args.approvalId);
    if (spent) spent.isSpent = true;
  },
  PayoutCredited: ({ args, log }: NamedLog, book: Book) => {
    const [token, account] = [String(args.token), String(args.account)];
    const amount = args.amount as bigint;
    courseOf(args, book).credited.push({ token, account, amount, reason: Number(args.reason) });
    // It was paid out by the event before it, and stayed.
    leave(book, log.transactionHash, token, -amount);
  },
  CreditWithdrawn: ({ args, log }: NamedLog, book: Book) =>
    leave(book, log.transactionHash, String(args.token), args.amount as bigint),
  SurplusSwept: ({ args, log }: NamedLog, book: Book) =>
    leave(book, log.transactionHash, String(args.token), args.amount as bigint),
  TokenConfigured: ({ args }: NamedLog, { tokens }: Book) => {
    tokens.add(String(args.token).toLowerCase());
  },
} satisfies Record<string, (log: NamedLog, book: Book) => void>;

function move({ args, log }: NamedLog, book: Book): void {
  const amount = args.amount as bigint;
  courseOf(args, book).movements.push({
    ...{ amount, held: args.held as bigint },
    transaction: log.transactionHash,
  });
}

function leave({ outgoing }: Book, transaction: string, token: string, amount: bigint, paymentId?: string) {
  const key = outgoingKey(transaction, token);
  const entry = outgoing.get(key) ?? { amount: 0n, token, transaction };
  entry.amount += amount;
  if (paymentId !== undefined) entry.paymentId = paymentId;
  outgoing.set(key, entry);
}

function courseOf({ paymentId }: Result, { courses }: Book): Course {
  const id = String(paymentId);
  const course = courses.get(id) ?? { created: [], movements: [], approvals: [], credited: [] };
  courses.set(id, course);
  return course;
}

/** The terms in a `PaymentCreated` log. */
export function termsOf(args: Result): Payment {
  const { buyer, seller, token, amount, deadline, onDeadline, ...rest } =
    args.toObject() as unknown as Payment;
  const { arbiter, disputeWindow, feeBps, feeRecipient, paymentReference } = rest;
  return {
    ...{ buyer, seller, token, amount, deadline, onDeadline },
    ...{ arbiter, disputeWindow, feeBps, feeRecipient, paymentReference },
  };
}
