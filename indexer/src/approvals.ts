import { ponder } from "ponder:registry";
import { payoutApproval } from "ponder:schema";
import type { Hex } from "viem";

import { named, payoutActions } from "./model/enums.js";
import { addToTimeline, updatePayment, type PaymentRow } from "./store/payments.js";
import { mustExist } from "./store/position.js";

/** Approving again replaces the approver and starts the time anew, under the same id. */
ponder.on("Escrow:PayoutApproved", async ({ event, context }) => {
  const { approvalId, paymentId, by, action, amount, held, released, expiresAt } = event.args;
  const approval = {
    paymentId,
    status: "Approved" as const,
    action: named(payoutActions, action),
    amount,
    held,
    released,
    approvedBy: by,
    approvedAt: event.block.timestamp,
    expiresAt,
    spentBy: null,
    spentAt: null,
  };
  await context.db
    .insert(payoutApproval)
    .values({ chainId: context.chain.id, approvalId, ...approval })
    .onConflictDoUpdate(approval);
  await updatePayment(context, event, ({ openApprovals }) => ({
    openApprovals: [...without(openApprovals, approvalId), approvalId],
  }));
  await addToTimeline(context, event, {
    kind: "PayoutApproved",
    actor: by,
    amount,
    held,
    released,
    hash: approvalId,
  });
});

ponder.on("Escrow:PayoutApprovalSpent", async ({ event, context }) => {
  const { approvalId, by } = event.args;
  const update = context.db
    .update(payoutApproval, { chainId: context.chain.id, approvalId })
    .set({ status: "Spent", spentBy: by, spentAt: event.block.timestamp });
  await mustExist(update, `approval ${approvalId}`, event);
  await updatePayment(context, event, ({ openApprovals }) => {
    const open = without(openApprovals, approvalId);
    return { openApprovals: open.length > 0 ? open : null };
  });
  await addToTimeline(context, event, { kind: "PayoutApprovalSpent", actor: by, hash: approvalId });
});

const without = (approvals: PaymentRow["openApprovals"], approvalId: Hex): Hex[] =>
  (approvals ?? []).filter((id) => id !== approvalId);
