import { ponder, type Context } from "ponder:registry";
import { scheduledOperation } from "ponder:schema";
import { slice, type Hex } from "viem";

import { addAdminEvent } from "./store/adminEvents.js";
import { mustExist, updatedColumns, type LogEvent } from "./store/position.js";

ponder.on("AccessManager:OperationScheduled", async ({ event, context }) => {
  const { operationId, nonce, schedule, caller, target, data } = event.args;
  await context.db.insert(scheduledOperation).values({
    chainId: context.chain.id,
    id: operationId,
    nonce: BigInt(nonce),
    status: "Scheduled",
    caller,
    target,
    selector: slice(data, 0, 4),
    data,
    scheduledAt: event.block.timestamp,
    readyAt: BigInt(schedule),
    ...updatedColumns(event),
  });
  await addAdminEvent(context, event, "OperationScheduled", caller);
});

ponder.on("AccessManager:OperationExecuted", async ({ event, context }) => {
  await endOperation(context, event, "Executed");
  await addAdminEvent(context, event, "OperationExecuted");
});

ponder.on("AccessManager:OperationCanceled", async ({ event, context }) => {
  await endOperation(context, event, "Canceled");
  await addAdminEvent(context, event, "OperationCanceled");
});

async function endOperation(
  context: Context,
  event: LogEvent & { args: { operationId: Hex; nonce: number } },
  status: "Executed" | "Canceled",
): Promise<void> {
  const { operationId, nonce } = event.args;
  const update = context.db
    .update(scheduledOperation, { chainId: context.chain.id, id: operationId, nonce: BigInt(nonce) })
    .set({ status, endedAt: event.block.timestamp, ...updatedColumns(event) });
  await mustExist(update, `operation ${operationId} (nonce ${nonce})`, event);
}
