import { claim } from "../../scripts/scenario/payouts.js";
import { deposit } from "../../scripts/scenario/deposits.js";
import type { Telling } from "../../scripts/scenario/telling.js";
import type { Incident } from "../support/incidents/incident.js";

let overdue: Telling;

/** A deadline passed days ago. The chain begins in the past for this one, and arrives in the present with it. */
export const stuckPayment: Incident = {
  runbook: "stuck-payments",
  happens: "nobody claims a payment that is past its deadline",
  alert: "HoldfastPaymentOverdue",
  async cause(stack) {
    overdue = await stack.begin({
      name: "overdue",
      ends: "Closed",
      terms: { deadlineInDays: 2n, onDeadline: "release" },
      steps: [deposit, claim("stranger")],
    });
    await stack.world.clock.reach(BigInt(Math.floor(Date.now() / 1000)));
  },
  byHand: { claim: () => overdue.advance() },
};
