import type { Escrow } from "../../../types/ethers-contracts/index.js";
import { formatTime } from "../operations/units.js";
import type { Payment } from "../signing.js";
import { feeOn, isKickback, percentOf, recipientOf } from "./fee.js";
import { formatAmount } from "./money.js";
import type { Tokens } from "./tokens.js";

const STATUSES = ["None", "Funded", "Disputed", "Closed"] as const;
const FLAG_ON_HOLD = 1n;
const TO_BUYER = 0n;

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
interface Standing {
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

interface Asked {
  readonly paymentId: string;
  readonly terms: Payment;
  readonly tokens: Tokens;
  readonly at: { readonly number: number; readonly timestamp: number };
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

async function readStanding(escrow: Escrow, { paymentId, terms, at }: Asked): Promise<Standing | undefined> {
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
  return { ...state, money: moneyOf(state, terms) };
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

function describe(
  { block, time, status, onHold, held, released, refunded, fee, credit }: Standing,
  { terms: { token, feeBps }, tokens }: Asked,
): string {
  const shown = (amount: bigint) => formatAmount(tokens, token, amount);
  const toWhom = feeBps === 0n ? " to the seller" : `, ${shown(fee)} of it as the fee`;
  return (
    `${status}${onHold ? " and on hold" : ""} in block ${block} of ${formatTime(time)}: ${shown(held)} held, ` +
    `${shown(released)} released${toWhom}, ${shown(refunded)} refunded to the buyer.` +
    (credit > 0n ? ` The seller has a credit of ${shown(credit)}, which waits to be withdrawn.` : "")
  );
}

/** What that means for whoever wants to deliver. */
function adviceOn(
  { money, held, refunded, fee, feeToCome, block, credit }: Standing,
  { terms, tokens }: Asked,
): string {
  const { token, amount, deadline, onDeadline, feeBps } = terms;
  const shown = (some: bigint) => formatAmount(tokens, token, some);
  const over = formatTime(Number(deadline));
  const asOf = `as of block ${block}`;
  const hasFee = feeBps > 0n;
  const ofWhich = (some: bigint, verb: "goes" | "went") =>
    `, of which ${shown(some)} (${percentOf(terms)}) ${verb} to the fee's recipient ${recipientOf(terms)}`;
  const back = `${shown(feeOn(amount, terms))} (${percentOf(terms)}) of its ${shown(amount)}`;
  const nor = isKickback(terms)
    ? ` Nor is it ever paid in full: the fee's recipient is the buyer, who gets back ${back} once all of it is released.`
    : "";
  switch (money) {
    case "returned":
      return `Do NOT deliver for it: all of its ${shown(amount)} went back to the buyer, ${asOf}.`;
    case "returned_in_part":
      return `Do NOT deliver for it as if it were paid: ${shown(refunded)} of its ${shown(amount)} went back to the buyer, ${asOf}.`;
    case "on_hold":
      return `Do NOT deliver for it yet: compliance froze it, and nobody gets the ${shown(held)} that it holds until the hold is lifted, ${asOf}.${nor}`;
    case "disputed":
      return `Do NOT deliver for it yet: it is disputed, and who gets the ${shown(held)} that it holds is open, ${asOf}.${nor}`;
    case "claimable_for_buyer":
      return `Do NOT deliver for it: since ${over} anybody may send the ${shown(held)} that it holds back to the buyer, ${asOf}.`;
    case "fee_to_buyer": {
      const gets = held === 0n ? `got back ${back}` : `gets back ${back} once all of it is released`;
      const already = held > 0n && fee > 0n ? `, ${shown(fee)} already` : "";
      return `Do NOT deliver for it as if it were paid in full: the fee's recipient is the buyer, who ${gets}${already}, ${asOf}.`;
    }
    case "paid":
      return (
        (hasFee
          ? `Its money was released, all ${shown(amount)}${ofWhich(fee, "went")}, ${asOf}.`
          : `Its money went to the seller, all ${shown(amount)}, ${asOf}.`) +
        (credit > 0n
          ? ` Not all that the seller is owed has arrived: ${shown(credit)} wait as a credit.`
          : "")
      );
    case "held": {
      const toCome = hasFee ? `${ofWhich(feeToCome, "goes")} once it is released` : "";
      const went = hasFee ? `was released, ${shown(fee)} of it as the fee` : "went to the seller";
      return (
        `Its money is there: it holds ${shown(held)}${toCome}${held < amount ? `, and the rest ${went}` : ""}, ${asOf}. ` +
        `From ${over} on anybody may claim it for the ${onDeadline === TO_BUYER ? "buyer" : "seller"}.`
      );
    }
  }
}
