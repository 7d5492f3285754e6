import { id } from "ethers";

import type { EmittedEvent } from "../emitted-suite.js";
import { cast } from "../every-event.js";
import { hashTerms, person, termsOf, type Terms } from "../terms.js";
import type { Chance } from "./chance.js";

const CAUSE = { Release: 0, Refund: 1, Resolve: 3 };
const REASON = { None: 0, Blocked: 1 };
const OPEN = ["Funded", "Disputed"] as const;

/** What somebody does. Whether it can be done, and what it then emits, depends on what was done before. */
export type Act =
  | { what: "deposit"; n: number; amount: number }
  | { what: "release"; n: number; percent: number; bounces: boolean }
  | { what: "refund" | "resolve"; n: number; percent: number }
  | { what: "dispute" | "withdraw" | "freeze" | "unfreeze"; n: number }
  | { what: "collect"; n: number }
  | { what: "pause"; bit: number; until: number }
  | { what: "record"; account: number; score: number }
  | { what: "grant"; account: number };

interface OpenPayment {
  terms: Terms;
  paymentId: string;
  status: "Funded" | "Disputed" | "Closed";
  onHold: boolean;
  held: bigint;
  released: bigint;
}

/** What the acts so far have led to: all that the next one depends on. */
interface Situation {
  payments: Map<number, OpenPayment>;
  credits: Map<string, bigint>;
  revisions: Map<number, number>;
}

/**
 * Payments between many people, and officers at work, on the emitters of a chain. Remembers the situation after each
 * block, so that a chain that goes back can take other turns from there.
 */
export class Traffic {
  #now: Situation = { payments: new Map(), credits: new Map(), revisions: new Map() };
  readonly #after = new Map<number, Situation>();

  constructor(
    private readonly chainId: number,
    private readonly escrow: string,
  ) {}

  /** What an act emits, or nothing if it cannot be done as things stand. */
  play(act: Act): EmittedEvent[] | undefined {
    const payment = "n" in act ? this.#now.payments.get(act.n) : undefined;
    switch (act.what) {
      case "deposit":
        return payment === undefined ? this.#deposit(act.n, act.amount) : undefined;
      case "pause":
        return [["escrow", "Paused", cast.guardian, 1 << act.bit, act.until, `until ${act.until}`]];
      case "record":
        return this.#record(act.account, act.score);
      case "grant":
        return [["accessManager", "RoleGranted", 7, person(act.account), 0, 1_000_000_000, true]];
      case "release":
      case "refund":
      case "resolve":
      case "dispute":
      case "withdraw":
      case "freeze":
      case "unfreeze":
      case "collect":
        return payment && this.#onPayment(payment, act);
    }
  }

  /** Draws the next act; most of them can be done. */
  draw(chance: Chance): Act {
    const n = chance.between(1, this.#now.payments.size + 1);
    const percent = chance.oneOf([10, 35, 50, 100]);
    return chance.oneOf<() => Act>([
      () => ({ what: "deposit", n: this.#now.payments.size + 1, amount: chance.between(100, 9_999) }),
      () => ({ what: "deposit", n: this.#now.payments.size + 1, amount: chance.between(100, 9_999) }),
      () => ({ what: "release", n, percent, bounces: chance.percent(30) }),
      () => ({ what: "refund", n, percent }),
      () => ({ what: "dispute", n }),
      () => ({ what: chance.oneOf(["withdraw", "freeze", "unfreeze"] as const), n }),
      () => ({ what: "resolve", n, percent }),
      () => ({ what: "collect", n }),
      () => ({
        what: "pause",
        bit: chance.between(0, 2),
        until: chance.between(4_000_000_000, 4_100_000_000),
      }),
      () => ({ what: "record", account: chance.between(200, 210), score: chance.between(0, 100) }),
      () => ({ what: "grant", account: chance.between(400, 410) }),
    ])();
  }

  /** Keeps the situation as that after a block. */
  remember(block: number): void {
    this.#after.set(block, structuredClone(this.#now));
  }

  /** Goes back to the situation after a block. */
  goBack(block: number): void {
    this.#now = structuredClone(this.#after.get(block)!);
  }

  #deposit(n: number, amount: number): EmittedEvent[] {
    // Who pays whom and how much is in the terms, so that a deposit that differs on another branch is another payment.
    const terms = termsOf(1000 + n, {
      buyer: person(200 + (n % 7)),
      seller: person(300 + (n % 5)),
      amount: BigInt(amount),
    });
    const paymentId = hashTerms(terms, this.chainId, this.escrow);
    this.#now.payments.set(n, {
      terms,
      paymentId,
      status: "Funded",
      onHold: false,
      held: terms.amount,
      released: 0n,
    });
    const { buyer, seller, ...rest } = terms;
    return [["escrow", "PaymentCreated", paymentId, buyer, seller, ...Object.values(rest)]];
  }

  #onPayment(payment: OpenPayment, act: Exclude<Act, { what: "deposit" | "pause" | "record" | "grant" }>) {
    const { terms, paymentId } = payment;
    if (act.what === "collect") return this.#collect(terms);
    if (!OPEN.some((status) => status === payment.status)) return undefined;

    const about = (event: string, ...args: unknown[]): EmittedEvent => ["escrow", event, paymentId, ...args];
    const between = (event: string, ...args: unknown[]) => about(event, terms.buyer, terms.seller, ...args);
    switch (act.what) {
      case "release": {
        if (payment.status !== "Funded" || payment.onHold) return undefined;
        return this.#payOut(payment, { cause: CAUSE.Release, by: terms.buyer, ...act });
      }
      case "refund": {
        if (payment.status !== "Funded" || payment.onHold) return undefined;
        return this.#payBack(payment, { cause: CAUSE.Refund, by: terms.seller, amount: share(payment, act) });
      }
      case "dispute": {
        if (payment.status !== "Funded") return undefined;
        payment.status = "Disputed";
        const uri = `ipfs://${paymentId}`;
        return [between("DisputeOpened", terms.buyer, terms.deadline, id(uri), uri)];
      }
      case "withdraw": {
        if (payment.status !== "Disputed") return undefined;
        payment.status = "Funded";
        return [between("DisputeWithdrawn", terms.buyer)];
      }
      case "resolve": {
        if (payment.status !== "Disputed" || payment.onHold) return undefined;
        const toSeller = share(payment, act);
        const toBuyer = payment.held - toSeller;
        const ruling = between("DisputeResolved", cast.arbiter, toSeller, toBuyer, id(`ruling ${paymentId}`));
        const legs = { cause: CAUSE.Resolve, by: cast.arbiter };
        return [
          ruling,
          ...this.#payOut(payment, { ...legs, percent: act.percent, bounces: false }),
          ...(toBuyer > 0n ? this.#payBack(payment, { ...legs, amount: toBuyer }) : []),
        ];
      }
      case "freeze": {
        if (payment.onHold) return undefined;
        payment.onHold = true;
        return [about("PaymentFrozen", cast.officer, "looks odd")];
      }
      case "unfreeze": {
        if (!payment.onHold) return undefined;
        payment.onHold = false;
        const disputedAt = payment.status === "Disputed" ? terms.deadline : 0;
        return [about("PaymentUnfrozen", cast.officer, disputedAt, "is fine")];
      }
    }
  }

  #payOut(payment: OpenPayment, leg: { cause: number; by: string; percent: number; bounces: boolean }) {
    const { buyer, seller, token } = payment.terms;
    const amount = share(payment, leg);
    payment.held -= amount;
    payment.released += amount;
    if (payment.held === 0n) close(payment);
    const { paymentId, held, released } = payment;
    const state = [leg.cause, leg.by, amount, 0, held, released];
    const events: EmittedEvent[] = [["escrow", "PaymentReleased", paymentId, buyer, seller, ...state]];
    if (leg.bounces) {
      const balance = (this.#now.credits.get(seller) ?? 0n) + amount;
      this.#now.credits.set(seller, balance);
      events.push(["escrow", "PayoutCredited", paymentId, token, seller, amount, balance, REASON.Blocked]);
    }
    return events;
  }

  #payBack(payment: OpenPayment, { cause, by, amount }: { cause: number; by: string; amount: bigint }) {
    const { buyer, seller } = payment.terms;
    payment.held -= amount;
    if (payment.held === 0n) close(payment);
    const { paymentId, held, released } = payment;
    const event: EmittedEvent = ["escrow", "PaymentRefunded", paymentId, buyer, seller, cause, by];
    return [[...event, amount, held, released] as EmittedEvent];
  }

  #collect({ token, seller }: Terms): EmittedEvent[] | undefined {
    const balance = this.#now.credits.get(seller) ?? 0n;
    if (balance === 0n) return undefined;
    this.#now.credits.set(seller, 0n);
    return [["escrow", "CreditWithdrawn", token, seller, person(44), seller, balance, 0]];
  }

  #record(account: number, score: number): EmittedEvent[] {
    const revision = (this.#now.revisions.get(account) ?? 0) + 1;
    this.#now.revisions.set(account, revision);
    const record = [1, score, 2, 756, 2_000_000_000, revision, id(`evidence ${score}`)];
    return [["complianceRegistry", "RecordSet", person(account), cast.officer, ...record]];
  }
}

/** At least 1, whatever the percentage. */
function share({ held }: OpenPayment, { percent }: { percent: number }): bigint {
  const part = (held * BigInt(percent)) / 100n;
  return part > 0n ? part : 1n;
}

function close(payment: OpenPayment): void {
  payment.status = "Closed";
  payment.onHold = false;
}
