import type { Act } from "./act.js";

/** One payment, and why; the reason stands on the chain. */
export interface Hold {
  readonly paymentId: string;
  readonly reason: string;
}

const act = (title: string, name: "hold" | "unhold", { paymentId, reason }: Hold): Act => ({
  title: `${title} the payment ${paymentId}`,
  role: "COMPLIANCE",
  calls: [{ target: "escrow", function: name, args: [paymentId, reason] }],
  mayChange: [`escrow Escrow.payments[${paymentId}].flags`],
});

/** Freezes one payment: it pays nobody until the hold is lifted. */
export const hold = (given: Hold): Act => act("Hold", "hold", given);

/** Lifts a hold. In a dispute the arbiter has the whole window again, so the slot tells since when. */
export const unhold = (given: Hold): Act => {
  const lifted = act("Lift the hold on", "unhold", given);
  return {
    ...lifted,
    mayChange: [...lifted.mayChange, `escrow Escrow.payments[${given.paymentId}].disputedAt`],
  };
};
