import { isSameAddress } from "../same-address.js";
import type { Payment } from "../signing.js";

const BPS = 10_000n;

/** What of an amount that was released in all is the fee, rounded down as the contract does. */
export const feeOn = (released: bigint, { feeBps }: Payment): bigint => (released * feeBps) / BPS;

/** Whether the buyer gets a part of their own payment back by naming themselves as the fee's recipient. */
export const isKickback = (terms: Payment): boolean =>
  feeOn(terms.amount, terms) > 0n && isSameAddress(terms.feeRecipient, terms.buyer);

/** As `1.25 %`. */
export const percentOf = ({ feeBps }: Payment): string => `${Number(feeBps) / 100} %`;

/** Who gets the fee, and which party that is. */
export function recipientOf({ feeRecipient, buyer, seller }: Payment): string {
  if (isSameAddress(feeRecipient, buyer)) return `${feeRecipient}, who is the buyer`;
  if (isSameAddress(feeRecipient, seller)) return `${feeRecipient}, who is the seller`;
  return feeRecipient;
}
