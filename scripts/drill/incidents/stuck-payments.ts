import { deposit } from "../../scenario/deposits.js";
import type { Incident } from "../incident.js";

/** A deadline passed days ago. The chain arrives in the present with it. */
export const stuckPayment: Incident = {
  name: "overdue-payment",
  runbook: "stuck-payments",
  happens: "nobody claims a payment that is past its deadline",
  alert: "HoldfastPaymentOverdue",
  cases: ["overdue"],
  daysAgo: 10,
  async cause(stack) {
    const overdue = await stack.begin({
      name: "overdue",
      ends: "Closed",
      terms: { deadlineInDays: 2n, onDeadline: "release" },
      steps: [deposit],
    });
    await stack.world.clock.reach(BigInt(Math.floor(Date.now() / 1000)));
    return { PAYMENT: overdue.run.paymentId };
  },
};

/** An operator cannot release alone what is at or above the threshold. */
export const stuckRelease: Incident = {
  name: "large-release",
  runbook: "stuck-payments",
  happens: "an operator's release waits for a second person",
  cases: ["large"],
  async cause(stack) {
    const large = await stack.begin({
      name: "large",
      ends: "Closed",
      tokens: ["USDC"],
      terms: { size: "large" },
      steps: [deposit],
    });
    return { PAYMENT: large.run.paymentId };
  },
};
