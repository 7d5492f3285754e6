import type { Context } from "ponder:registry";
import { dispute } from "ponder:schema";

import type { PaymentRow } from "./payments.js";
import { mustExist, type LogEvent } from "./position.js";

/** Ends the latest dispute of a payment. */
export async function endDispute(
  context: Context,
  event: LogEvent,
  { paymentId, disputeCount }: PaymentRow,
  outcome: Partial<typeof dispute.$inferInsert>,
): Promise<void> {
  const update = context.db
    .update(dispute, { chainId: context.chain.id, paymentId, n: disputeCount })
    .set({ ...outcome, endedAt: event.block.timestamp, endedBlock: event.block.number });
  await mustExist(update, `dispute ${disputeCount} of payment ${paymentId}`, event);
}
