import { ponder, type Context } from "ponder:registry";
import { managedTarget, role, roleFunction, roleMember } from "ponder:schema";
import type { Address } from "viem";

import { withoutNul } from "./model/plain.js";
import { addAdminEvent } from "./store/adminEvents.js";
import { mustExist, updatedColumns } from "./store/position.js";

ponder.on("AccessManager:RoleLabel", async ({ event, context }) => {
  const { roleId, label } = event.args;
  await setRole(context, roleId, { label: withoutNul(label) });
  await addAdminEvent(context, event, "RoleLabel");
});

ponder.on("AccessManager:RoleAdminChanged", async ({ event, context }) => {
  const { roleId, admin } = event.args;
  await setRole(context, roleId, { adminRoleId: admin });
  await addAdminEvent(context, event, "RoleAdminChanged");
});

ponder.on("AccessManager:RoleGuardianChanged", async ({ event, context }) => {
  const { roleId, guardian } = event.args;
  await setRole(context, roleId, { guardianRoleId: guardian });
  await addAdminEvent(context, event, "RoleGuardianChanged");
});

ponder.on("AccessManager:RoleGrantDelayChanged", async ({ event, context }) => {
  const { roleId, delay, since } = event.args;
  await setRole(context, roleId, { grantDelay: BigInt(delay), grantDelaySince: BigInt(since) });
  await addAdminEvent(context, event, "RoleGrantDelayChanged");
});

/** `since` is when a new member may act; for somebody who is one already, when the new delay takes effect. */
ponder.on("AccessManager:RoleGranted", async ({ event, context }) => {
  const { roleId, account, delay, since, newMember } = event.args;
  const executionDelay = {
    executionDelay: BigInt(delay),
    executionDelaySince: newMember ? event.block.timestamp : BigInt(since),
    ...updatedColumns(event),
  };
  if (newMember) {
    const member = { ...executionDelay, active: true, since: BigInt(since), revokedAt: null };
    await setRole(context, roleId, {});
    await context.db
      .insert(roleMember)
      .values({ chainId: context.chain.id, roleId, account, ...member })
      .onConflictDoUpdate(member);
  } else {
    const update = context.db
      .update(roleMember, { chainId: context.chain.id, roleId, account })
      .set(executionDelay);
    await mustExist(update, `member ${account} of role ${roleId}`, event);
  }
  await addAdminEvent(context, event, "RoleGranted");
});

ponder.on("AccessManager:RoleRevoked", async ({ event, context }) => {
  const { roleId, account } = event.args;
  const update = context.db
    .update(roleMember, { chainId: context.chain.id, roleId, account })
    .set({ active: false, revokedAt: event.block.timestamp, ...updatedColumns(event) });
  await mustExist(update, `member ${account} of role ${roleId}`, event);
  await addAdminEvent(context, event, "RoleRevoked");
});

ponder.on("AccessManager:TargetFunctionRoleUpdated", async ({ event, context }) => {
  const { target, selector, roleId } = event.args;
  const state = { roleId, ...updatedColumns(event) };
  await setRole(context, roleId, {});
  await context.db
    .insert(roleFunction)
    .values({ chainId: context.chain.id, target, selector, ...state })
    .onConflictDoUpdate(state);
  await addAdminEvent(context, event, "TargetFunctionRoleUpdated");
});

ponder.on("AccessManager:TargetClosed", async ({ event, context }) => {
  const { target, closed } = event.args;
  await setTarget(context, target, { closed });
  await addAdminEvent(context, event, "TargetClosed");
});

ponder.on("AccessManager:TargetAdminDelayUpdated", async ({ event, context }) => {
  const { target, delay, since } = event.args;
  await setTarget(context, target, { adminDelay: BigInt(delay), adminDelaySince: BigInt(since) });
  await addAdminEvent(context, event, "TargetAdminDelayUpdated");
});

/** A role is as AccessManager starts it until an event says otherwise: without a label, under ADMIN (0). */
async function setRole(
  context: Context,
  roleId: bigint,
  change: Partial<typeof role.$inferInsert>,
): Promise<void> {
  await context.db
    .insert(role)
    .values({
      chainId: context.chain.id,
      roleId,
      label: "",
      adminRoleId: 0n,
      guardianRoleId: 0n,
      grantDelay: 0n,
      grantDelaySince: 0n,
      ...change,
    })
    .onConflictDoUpdate(change);
}

async function setTarget(
  context: Context,
  target: Address,
  change: Partial<typeof managedTarget.$inferInsert>,
): Promise<void> {
  await context.db
    .insert(managedTarget)
    .values({
      chainId: context.chain.id,
      target,
      closed: false,
      adminDelay: 0n,
      adminDelaySince: 0n,
      ...change,
    })
    .onConflictDoUpdate(change);
}
