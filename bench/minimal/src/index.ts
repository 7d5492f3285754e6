import { ponder } from "ponder:registry";
import { escrowEvent } from "ponder:schema";

const events = [
  "Escrow:PaymentCreated",
  "Escrow:PaymentReleased",
  "Escrow:PaymentRefunded",
  "Escrow:DisputeOpened",
  "Escrow:DisputeWithdrawn",
  "Escrow:DisputeResolved",
  "Escrow:PayoutApproved",
  "Escrow:PaymentFrozen",
  "Escrow:PaymentUnfrozen",
] as const;

for (const name of events) {
  ponder.on(name, async ({ event, context }) => {
    await context.db.insert(escrowEvent).values({
      block: event.block.number,
      logIndex: event.log.logIndex,
      paymentId: event.args.paymentId,
    });
  });
}
