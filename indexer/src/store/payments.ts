import type { Context } from "ponder:registry";
import { payment, paymentEvent } from "ponder:schema";
import type { Hex } from "viem";

import { tellPaymentEvent } from "../../watch/payments.js";
import { logColumns, mustExist, updatedColumns, type LogEvent } from "./position.js";

export type PaymentRow = typeof payment.$inferSelect;
type TimelineEntry = Omit<
  typeof paymentEvent.$inferInsert,
  keyof ReturnType<typeof logColumns> | "blockHash" | "paymentId"
>;

/** An event about a payment. */
export interface PaymentLog extends LogEvent {
  block: LogEvent["block"] & { hash: Hex };
  args: { paymentId: Hex };
}

/** Changes a payment that must exist. `change` gets the row as it was; the row as it now is comes back. */
export function updatePayment(
  context: Context,
  event: PaymentLog,
  change: (before: Readonly<PaymentRow>) => Partial<PaymentRow>,
): Promise<PaymentRow> {
  const { paymentId } = event.args;
  const update = context.db
    .update(payment, { chainId: context.chain.id, paymentId })
    .set((before) => ({ ...change(before), ...updatedColumns(event) }));
  return mustExist(update, `payment ${paymentId}`, event);
}

/** Adds the event to its payment's timeline. */
export async function addToTimeline(
  context: Context,
  event: PaymentLog,
  entry: TimelineEntry,
): Promise<void> {
  await context.db.insert(paymentEvent).values({
    ...logColumns(context, event),
    blockHash: event.block.hash,
    paymentId: event.args.paymentId,
    ...entry,
  });
  tellPaymentEvent(context.chain, event, entry.kind);
}
