import type { Escrow } from "../../../types/ethers-contracts/index.js";
import type { Payment } from "../signing.js";
import { adviceOn, describe, TO_BUYER } from "./advice.js";
import { feeOn, isKickback } from "./fee.js";
import type { Tokens } from "./tokens.js";

const STATUSES = ["None", "Funded", "Disputed", "Closed"] as const;
const FLAG_ON_HOLD = 1n;

/** Where a payment's money is, most telling first. Only for `paid` and `held` may anybody deliver. */
export type Money =
  /** All of it went back to the buyer. */
  | "returned"
  /** Some of it did, so the payment is not paid in full. */
  | "returned_in_part"
  /** All of it was released: to the seller, but for the fee. */
  | "paid"
  /** Compliance froze it. */
  | "on_hold"
  /** Who gets it is open. */
  | "disputed"
  /** It is over, and anybody may send what is left back to the buyer. */
  | "claimable_for_buyer"
  /** It is there or was released, and the buyer gets a part of it back, as the recipient of its fee. */
  | "fee_to_buyer"
  /** It is there, and waits. */
  | "held";

/** How a payment stands at one block. */
export interface Standing {
  readonly block: number;
  /** The block's time, in Unix seconds. */
  readonly time: number;
  readonly status: (typeof STATUSES)[number];
  readonly onHold: boolean;
  /** In the token's smallest unit, as all amounts here; the three sum up to the payment's. */
  readonly held: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  /** What of `released` went to the fee's recipient, and what of `held` will if it is released. */
  readonly fee: bigint;
  readonly feeToCome: bigint;
  /** What the seller has as a credit in the token, of whichever payments: it went to the seller and did not arrive. */
  readonly credit: bigint;
  readonly money: Money;
}

/** What became of a payment after its deposit, and what that means for whoever wants to deliver. */
export interface Aftermath extends Standing {
  readonly mayDeliver: boolean;
  readonly advice: string;
}

export interface Asked {
  readonly paymentId: string;
  readonly terms: Payment;
  readonly tokens: Tokens;
  readonly at: { readonly number: number; readonly timestamp: number };
  /** As of when a deadline is judged, if that is later: Unix seconds. */
  readonly now?: number;
}

/**
 * Reads what became of a payment; nothing if the escrow has made none.
 *
 * @returns All that the escrow says of it in words, so that endpoints that say the same words say the same, and what it comes
 * to unless it cannot be.
 */
export async function readAftermath(
  escrow: Escrow,
  asked: Asked,
): Promise<{ words: string; aftermath?: Aftermath } | undefined> {
  const standing = await readStanding(escrow, asked);
  if (standing === undefined) return undefined;
  const words = describe(standing, asked);
  if (!isSound(standing)) return { words };
  const mayDeliver = standing.money === "held" || standing.money === "paid";
  return { words, aftermath: { ...standing, mayDeliver, advice: adviceOn(standing, asked) } };
}

async function readStanding(
  escrow: Escrow,
  { paymentId, terms, at, now = 0 }: Asked,
): Promise<Standing | undefined> {
  const asOf = { blockTag: at.number };
  const [{ status, flags, held, released }, credit] = await Promise.all([
    escrow.paymentState(paymentId, asOf),
    escrow.creditOf(terms.token, terms.seller, asOf),
  ]);
  if (status === 0n) return undefined;
  const state = {
    ...{ block: at.number, time: at.timestamp, held, released, credit },
    // One that is not known is none that anybody may deliver for; see `isSound`.
    status: STATUSES[Number(status)] ?? "None",
    onHold: (flags & FLAG_ON_HOLD) !== 0n,
    refunded: terms.amount - held - released,
    fee: feeOn(released, terms),
    feeToCome: feeOn(released + held, terms) - feeOn(released, terms),
  };
  return { ...state, money: moneyOf({ ...state, time: Math.max(at.timestamp, now) }, terms) };
}

function moneyOf(
  { status, onHold, time, held, released, refunded }: Omit<Standing, "money">,
  terms: Payment,
): Money {
  if (refunded > 0n) return held + released === 0n ? "returned" : "returned_in_part";
  if (status !== "Closed") {
    if (onHold) return "on_hold";
    if (status === "Disputed") return "disputed";
    if (terms.onDeadline === TO_BUYER && time >= Number(terms.deadline)) return "claimable_for_buyer";
  }
  if (isKickback(terms)) return "fee_to_buyer";
  return status === "Closed" ? "paid" : "held";
}

/** Whether what the escrow says of a payment can be: a broken version may say anything. */
const isSound = ({ status, held, refunded }: Standing): boolean =>
  status !== "None" && refunded >= 0n && (status === "Closed") === (held === 0n);
