import { formatTime } from "../operations/units.js";
import { feeOn, isKickback, percentOf, recipientOf } from "./fee.js";
import { formatAmount } from "./money.js";
import type { Asked, Standing } from "./standing.js";

/** That a claim pays the buyer, by its place in Solidity's `DeadlineAction`. */
export const TO_BUYER = 0n;

/** A payment's standing in words, without what it comes to. */
export function describe(
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

/** What a standing means for whoever wants to deliver. */
export function adviceOn(standing: Standing, asked: Asked): string {
  const { money, held, refunded, block } = standing;
  const { terms, tokens } = asked;
  const shown = (some: bigint) => formatAmount(tokens, terms.token, some);
  const asOf = `as of block ${block}`;
  switch (money) {
    case "returned":
      return `Do NOT deliver for it: all of its ${shown(terms.amount)} went back to the buyer, ${asOf}.`;
    case "returned_in_part":
      return `Do NOT deliver for it as if it were paid: ${shown(refunded)} of its ${shown(terms.amount)} went back to the buyer, ${asOf}.`;
    case "on_hold":
      return `Do NOT deliver for it yet: compliance froze it, and nobody gets the ${shown(held)} that it holds until the hold is lifted, ${asOf}.${nor(standing, asked)}`;
    case "disputed":
      return `Do NOT deliver for it yet: it is disputed, and who gets the ${shown(held)} that it holds is open, ${asOf}.${nor(standing, asked)}`;
    case "claimable_for_buyer":
      return `Do NOT deliver for it: since ${formatTime(Number(terms.deadline))} anybody may send the ${shown(held)} that it holds back to the buyer, ${asOf}.`;
    case "fee_to_buyer":
      return `Do NOT deliver for it as if it were paid in full: the fee's recipient is the buyer, who ${getsBack(standing, asked)}, ${asOf}.`;
    case "paid":
      return wherePaid(standing, asked, asOf);
    case "held":
      return whereHeld(standing, asked, asOf);
  }
}

function wherePaid({ fee, credit }: Standing, { terms, tokens }: Asked, asOf: string): string {
  const shown = (some: bigint) => formatAmount(tokens, terms.token, some);
  const all = `all ${shown(terms.amount)}`;
  const where =
    terms.feeBps === 0n
      ? `went to the seller, ${all}`
      : `was released, ${all}, of which ${share(shown(fee), "went", terms)}`;
  const waits =
    credit > 0n ? ` Not all that the seller is owed has arrived: ${shown(credit)} wait as a credit.` : "";
  return `Its money ${where}, ${asOf}.${waits}`;
}

function whereHeld({ held, fee, feeToCome }: Standing, { terms, tokens }: Asked, asOf: string): string {
  const shown = (some: bigint) => formatAmount(tokens, terms.token, some);
  const hasFee = terms.feeBps > 0n;
  const ofWhich = hasFee ? `, of which ${share(shown(feeToCome), "goes", terms)} once it is released` : "";
  const went = hasFee ? `was released, ${shown(fee)} of it as the fee` : "went to the seller";
  const rest = held < terms.amount ? `, and the rest ${went}` : "";
  return (
    `Its money is there: it holds ${shown(held)}${ofWhich}${rest}, ${asOf}. ` +
    `From ${formatTime(Number(terms.deadline))} on anybody may claim it for the ${terms.onDeadline === TO_BUYER ? "buyer" : "seller"}.`
  );
}

/** As `0.1 USDC (10 %) goes to the fee's recipient 0x…`. */
const share = (fee: string, verb: "goes" | "went", terms: Asked["terms"]) =>
  `${fee} (${percentOf(terms)}) ${verb} to the fee's recipient ${recipientOf(terms)}`;

/** What a buyer who is the fee's recipient gets back. */
function getsBack({ held, fee }: Pick<Standing, "held" | "fee">, { terms, tokens }: Asked): string {
  const shown = (some: bigint) => formatAmount(tokens, terms.token, some);
  const part = `back ${shown(feeOn(terms.amount, terms))} (${percentOf(terms)}) of its ${shown(terms.amount)}`;
  if (held === 0n) return `got ${part}`;
  return `gets ${part} once all of it is released${fee > 0n ? `, ${shown(fee)} already` : ""}`;
}

/** What else keeps from delivering, once what does so for now is over. */
const nor = (standing: Standing, asked: Asked): string =>
  isKickback(asked.terms)
    ? ` Nor is it ever paid in full: the fee's recipient is the buyer, who ${getsBack(standing, asked)}.`
    : "";
