import { ponder } from "ponder:registry";
import { pause } from "ponder:schema";

import { namedBits } from "./model/enums.js";
import { withoutNul } from "./model/plain.js";
import { addAdminEvent } from "./store/adminEvents.js";

ponder.on("Escrow:Paused", async ({ event, context }) => {
  const { by, bits, until, reason } = event.args;
  const state = {
    until,
    reason: withoutNul(reason),
    pausedBy: by,
    pausedAt: event.block.timestamp,
    liftedBy: null,
    liftedAt: null,
  };
  for (const bit of namedBits(bits)) {
    await context.db
      .insert(pause)
      .values({ chainId: context.chain.id, contract: event.log.address, bit, ...state })
      .onConflictDoUpdate(state);
  }
  await addAdminEvent(context, event, "Paused", by);
});

/** The event names every bit that was asked for; one that never was paused, or ended by itself, stays as it was. */
ponder.on("Escrow:Unpaused", async ({ event, context }) => {
  const { by, bits } = event.args;
  const now = event.block.timestamp;
  for (const bit of namedBits(bits)) {
    const key = { chainId: context.chain.id, contract: event.log.address, bit };
    const row = await context.db.find(pause, key);
    if (row && row.until > now) {
      await context.db.update(pause, key).set({ until: now, liftedBy: by, liftedAt: now });
    }
  }
  await addAdminEvent(context, event, "Unpaused", by);
});
