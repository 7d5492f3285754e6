import type { Context } from "ponder:registry";
import { dispute } from "ponder:schema";

import type { PaymentRow } from "./payments.js";
import { mustExist, type LogEvent } from "./position.js";

/** Gives the arbiter a whole window again, from `disputedAt` or the deadline if that is later. */
export function restartDispute(
  context: Context,
  event: LogEvent,
  payment: PaymentRow,
  disputedAt: bigint,
): Promise<void> {
  const { deadline, disputeWindow } = payment;
  const from = disputedAt > deadline ? disputedAt : deadline;
  return updateDispute(context, event, payment, { claimableAt: from + disputeWindow });
}

/** Ends the latest dispute of a payment. */
export function endDispute(
  context: Context,
  event: LogEvent,
  payment: PaymentRow,
  outcome: Partial<typeof dispute.$inferInsert>,
): Promise<void> {
  const { timestamp, number } = event.block;
  return updateDispute(context, event, payment, { ...outcome, endedAt: timestamp, endedBlock: number });
}

async function updateDispute(
  context: Context,
  event: LogEvent,
  { paymentId, disputeCount }: PaymentRow,
  change: Partial<typeof dispute.$inferInsert>,
): Promise<void> {
  const update = context.db
    .update(dispute, { chainId: context.chain.id, paymentId, n: disputeCount })
    .set(change);
  await mustExist(update, `dispute ${disputeCount} of payment ${paymentId}`, event);
}
