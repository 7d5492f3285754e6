import { ponder } from "ponder:registry";
import { complianceDecision, compliancePolicy, complianceRecord } from "ponder:schema";

import { listModes, named, standings } from "./model/enums.js";
import { addAdminEvent } from "./store/adminEvents.js";
import { logColumns, updatedColumns } from "./store/position.js";

ponder.on("ComplianceRegistry:RecordSet", async ({ event, context }) => {
  const { account, ...rest } = event.args;
  const record = { ...rest, standing: named(standings, rest.standing) };
  const state = { ...record, ...updatedColumns(event) };
  await context.db
    .insert(complianceRecord)
    .values({ chainId: context.chain.id, account, ...state })
    .onConflictDoUpdate(state);
  await context.db.insert(complianceDecision).values({ ...logColumns(context, event), account, ...record });
});

ponder.on("ComplianceRegistry:PolicySet", async ({ event, context }) => {
  const { policy, by } = event.args;
  await context.db
    .insert(compliancePolicy)
    .values({ ...logColumns(context, event), by, ...policy, listMode: named(listModes, policy.listMode) });
  await addAdminEvent(context, event, "PolicySet", by);
});

ponder.on("ComplianceRegistry:EscrowSet", async ({ event, context }) => {
  await addAdminEvent(context, event, "EscrowSet", event.args.by);
});
