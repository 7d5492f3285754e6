import { ponder, type Context } from "ponder:registry";
import { payment, payoutApproval } from "ponder:schema";

import { complianceReasons, deadlineActions, named, payoutCauses } from "./model/enums.js";
import { depositEntries, refundEntries, releaseEntries } from "./model/ledger.js";
import { afterPayout, type Payout } from "./model/payout.js";
import { withoutNul } from "./model/plain.js";
import { deposited, refunded, released } from "./model/sums.js";
import { endDispute, restartDispute } from "./store/disputes.js";
import { book } from "./store/ledger.js";
import { addToTimeline, updatePayment, type PaymentLog, type PaymentRow } from "./store/payments.js";
import { updatedColumns } from "./store/position.js";
import { addMovement } from "./store/sums.js";

ponder.on("Escrow:PaymentCreated", async ({ event, context }) => {
  const { onDeadline, deadline, disputeWindow, ...terms } = event.args;
  await context.db.insert(payment).values({
    chainId: context.chain.id,
    escrow: event.log.address,
    ...terms,
    deadline,
    disputeWindow: BigInt(disputeWindow),
    onDeadline: named(deadlineActions, onDeadline),
    status: "Funded",
    onHold: false,
    held: terms.amount,
    released: 0n,
    refunded: 0n,
    feeTaken: 0n,
    disputeCount: 0,
    createdAt: event.block.timestamp,
    createdBlock: event.block.number,
    createdTransaction: event.transaction.hash,
    ...updatedColumns(event),
  });
  await addToTimeline(context, event, {
    kind: "PaymentCreated",
    actor: terms.buyer,
    amount: terms.amount,
    held: terms.amount,
    released: 0n,
  });
  await addMovement(context, event, terms, deposited(terms.amount));
  await book(context, event, depositEntries(terms), terms);
});

ponder.on("Escrow:PaymentReleased", async ({ event, context }) => {
  const { args } = event;
  const { payment, wasDisputed } = await payOut(context, event, { action: "Release", ...args });
  await addToTimeline(context, event, {
    kind: "PaymentReleased",
    actor: args.by,
    account: args.seller,
    cause: named(payoutCauses, args.cause),
    amount: args.amount,
    fee: args.fee,
    held: args.held,
    released: args.released,
  });
  await addMovement(context, event, payment, released(args.amount, args.fee, wasDisputed));
  await book(context, event, releaseEntries({ ...args, feeRecipient: payment.feeRecipient }), payment);
});

ponder.on("Escrow:PaymentRefunded", async ({ event, context }) => {
  const { args } = event;
  const { payment, wasDisputed } = await payOut(context, event, { action: "Refund", fee: 0n, ...args });
  await addToTimeline(context, event, {
    kind: "PaymentRefunded",
    actor: args.by,
    account: args.buyer,
    cause: named(payoutCauses, args.cause),
    amount: args.amount,
    held: args.held,
    released: args.released,
  });
  await addMovement(context, event, payment, refunded(args.amount, wasDisputed));
  await book(context, event, refundEntries(args), payment);
});

ponder.on("Escrow:PaymentFrozen", async ({ event, context }) => {
  await updatePayment(context, event, () => ({ onHold: true }));
  await addToTimeline(context, event, {
    kind: "PaymentFrozen",
    actor: event.args.by,
    note: withoutNul(event.args.reason),
  });
});

ponder.on("Escrow:PaymentUnfrozen", async ({ event, context }) => {
  const payment = await updatePayment(context, event, () => ({ onHold: false }));
  if (payment.status === "Disputed") await restartDispute(context, event, payment, event.args.disputedAt);
  await addToTimeline(context, event, {
    kind: "PaymentUnfrozen",
    actor: event.args.by,
    note: withoutNul(event.args.reason),
  });
});

/** Comes before the payment's own event, so it only enters the timeline. */
ponder.on("Escrow:ScreeningObserved", async ({ event, context }) => {
  await addToTimeline(context, event, {
    kind: "ScreeningObserved",
    account: event.args.account,
    reason: named(complianceReasons, event.args.reason),
  });
});

/** What every payout does to its payment, to a dispute it ends and to approvals of the state it leaves behind. */
async function payOut(
  context: Context,
  event: PaymentLog & { args: { cause: number } },
  payout: Payout,
): Promise<{ payment: PaymentRow; wasDisputed: boolean }> {
  let wasDisputed = false;
  let staleApprovals: PaymentRow["openApprovals"] = null;
  const payment = await updatePayment(context, event, (before) => {
    wasDisputed = before.status === "Disputed";
    staleApprovals = before.openApprovals;
    const after = afterPayout(before, payout);
    const closing = after.status === "Closed" ? { closedAt: event.block.timestamp, onHold: false } : {};
    return { ...after, ...closing, openApprovals: null };
  });

  if (wasDisputed && named(payoutCauses, event.args.cause) === "Claim") {
    // The arbiter stayed silent, so the terms decided.
    await endDispute(context, event, payment, { status: "Expired" });
  }
  for (const approvalId of staleApprovals ?? []) {
    await context.db
      .update(payoutApproval, { chainId: context.chain.id, approvalId })
      .set({ status: "Stale" });
  }
  return { payment, wasDisputed };
}
