import { ponder, type Context } from "ponder:registry";
import { implementation, proxy } from "ponder:schema";
import type { Address, Hex } from "viem";

import { addAdminEvent } from "./store/adminEvents.js";
import { logColumns, mustExist, updatedColumns, type LogEvent } from "./store/position.js";

ponder.on("UpgradeController:ProxyDeployed", async ({ event, context }) => {
  const { proxy: address, implementation: to, admin, codehash, by } = event.args;
  await context.db.insert(proxy).values({
    chainId: context.chain.id,
    address,
    admin,
    implementation: to,
    codehash,
    implementationCount: 1,
    ...updatedColumns(event),
  });
  await context.db.insert(implementation).values({
    ...logColumns(context, event),
    proxy: address,
    n: 1,
    kind: "Deploy",
    to,
    toCodehash: codehash,
    by,
  });
  await addAdminEvent(context, event, "ProxyDeployed", by);
});

ponder.on("UpgradeController:Upgraded", async ({ event, context }) => {
  await replaceImplementation(context, event, "Upgrade");
  await addAdminEvent(context, event, "Upgraded", event.args.by);
});

ponder.on("UpgradeController:RolledBack", async ({ event, context }) => {
  await replaceImplementation(context, event, "Rollback");
  await addAdminEvent(context, event, "RolledBack", event.args.by);
});

interface ReplacementLog extends LogEvent {
  args: {
    proxy: Address;
    from: Address;
    to: Address;
    fromCodehash: Hex;
    toCodehash: Hex;
    by: Address;
  };
}

async function replaceImplementation(
  context: Context,
  event: ReplacementLog,
  kind: "Upgrade" | "Rollback",
): Promise<void> {
  const { proxy: address, to, toCodehash } = event.args;
  const update = context.db.update(proxy, { chainId: context.chain.id, address }).set((before) => ({
    implementation: to,
    codehash: toCodehash,
    implementationCount: before.implementationCount + 1,
    ...updatedColumns(event),
  }));
  const { implementationCount: n } = await mustExist(update, `proxy ${address}`, event);
  await context.db.insert(implementation).values({ ...logColumns(context, event), n, kind, ...event.args });
}
