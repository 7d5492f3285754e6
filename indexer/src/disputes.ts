import { ponder } from "ponder:registry";
import { dispute } from "ponder:schema";

import { withoutNul } from "./model/plain.js";
import { disputed } from "./model/sums.js";
import { endDispute } from "./store/disputes.js";
import { addToTimeline, updatePayment } from "./store/payments.js";
import { addMovement } from "./store/sums.js";

ponder.on("Escrow:DisputeOpened", async ({ event, context }) => {
  const { by, claimableAt, evidenceHash } = event.args;
  const evidenceURI = withoutNul(event.args.evidenceURI);
  const payment = await updatePayment(context, event, (before) => ({
    status: "Disputed",
    disputeCount: before.disputeCount + 1,
  }));
  await context.db.insert(dispute).values({
    chainId: context.chain.id,
    paymentId: payment.paymentId,
    n: payment.disputeCount,
    status: "Open",
    openedBy: by,
    openedAt: event.block.timestamp,
    openedBlock: event.block.number,
    claimableAt,
    evidenceHash,
    evidenceURI,
  });
  await addToTimeline(context, event, {
    kind: "DisputeOpened",
    actor: by,
    hash: evidenceHash,
    note: evidenceURI,
  });
  await addMovement(context, event, payment, disputed(payment.held));
});

ponder.on("Escrow:DisputeWithdrawn", async ({ event, context }) => {
  const payment = await updatePayment(context, event, () => ({ status: "Funded" }));
  await endDispute(context, event, payment, { status: "Withdrawn" });
  await addToTimeline(context, event, { kind: "DisputeWithdrawn", actor: event.args.by });
  await addMovement(context, event, payment, disputed(-payment.held));
});

ponder.on("Escrow:DisputeResolved", async ({ event, context }) => {
  const { by, sellerAmount, buyerAmount, rulingHash } = event.args;
  const payment = await updatePayment(context, event, () => ({}));
  await endDispute(context, event, payment, {
    status: "Resolved",
    ruledBy: by,
    rulingHash,
    sellerAmount,
    buyerAmount,
  });
  await addToTimeline(context, event, {
    kind: "DisputeResolved",
    actor: by,
    hash: rulingHash,
    sellerAmount,
    buyerAmount,
  });
});

ponder.on("Escrow:PaymentSettled", async ({ event, context }) => {
  const { by, sellerAmount, buyerAmount } = event.args;
  const payment = await updatePayment(context, event, () => ({}));
  if (payment.status === "Disputed") {
    await endDispute(context, event, payment, { status: "Settled", sellerAmount, buyerAmount });
  }
  await addToTimeline(context, event, { kind: "PaymentSettled", actor: by, sellerAmount, buyerAmount });
});
