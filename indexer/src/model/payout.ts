import type { Hex } from "viem";

import type { paymentStatuses } from "./enums.js";

type Status = Exclude<(typeof paymentStatuses)[number], "None">;

/** What of a payment row a payout depends on. */
export interface PaymentBefore {
  paymentId: Hex;
  status: Status;
  amount: bigint;
  held: bigint;
  released: bigint;
  feeBps: number;
}

/** A PaymentReleased or PaymentRefunded event: what moved, and the absolute state after it. */
export interface Payout {
  action: "Release" | "Refund";
  amount: bigint;
  fee: bigint;
  held: bigint;
  released: bigint;
}

/** What a payout leaves of a payment. */
export interface PaymentAfter {
  status: Status;
  held: bigint;
  released: bigint;
  refunded: bigint;
  feeTaken: bigint;
}

const BPS = 10_000n;

/** The whole fee on all that was released so far; charged cumulatively, so that splitting does not evade it. */
export const feeOn = (released: bigint, feeBps: number) => (released * BigInt(feeBps)) / BPS;

/**
 * The payment after a payout, from the event alone; the row before it only proves that no event was missed.
 * Throws if the event does not follow from the row.
 */
export function afterPayout(before: PaymentBefore, payout: Payout): PaymentAfter {
  const toSeller = payout.action === "Release" ? payout.amount : 0n;
  const fee = feeOn(payout.released, before.feeBps) - feeOn(payout.released - toSeller, before.feeBps);

  if (before.status === "Closed") {
    throw new Error(`Payment ${before.paymentId} is closed, yet ${payout.amount} were paid out of it.`);
  }
  if (before.held - payout.amount !== payout.held || before.released + toSeller !== payout.released) {
    throw new Error(
      `Payment ${before.paymentId} held ${before.held} and had released ${before.released}; a ${payout.action.toLowerCase()} ` +
        `of ${payout.amount} cannot leave ${payout.held} held and ${payout.released} released.`,
    );
  }
  if (fee !== payout.fee) {
    throw new Error(
      `Payment ${before.paymentId} was charged a fee of ${payout.fee}, but its terms say ${fee} ` +
        `(${before.feeBps} bps of ${payout.released} released in all).`,
    );
  }
  return {
    status: payout.held === 0n ? "Closed" : before.status,
    held: payout.held,
    released: payout.released,
    refunded: before.amount - payout.held - payout.released,
    feeTaken: feeOn(payout.released, before.feeBps),
  };
}
