import type { Act } from "./act.js";

/** Freezes one payment: it pays nobody until the hold is lifted. The reason stands on the chain. */
export const hold = ({ paymentId, reason }: { paymentId: string; reason: string }): Act => ({
  title: `Hold the payment ${paymentId}`,
  role: "COMPLIANCE",
  calls: [{ target: "escrow", function: "hold", args: [paymentId, reason] }],
  mayChange: [`escrow Escrow.payments[${paymentId}].flags`],
});
