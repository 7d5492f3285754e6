import { ponder } from "ponder:registry";
import { token } from "ponder:schema";

import { sweptEntries } from "./model/ledger.js";
import { addAdminEvent } from "./store/adminEvents.js";
import { book } from "./store/ledger.js";
import { updatedColumns } from "./store/position.js";
import { addToToken, unconfiguredToken } from "./store/sums.js";

ponder.on("Escrow:TokenConfigured", async ({ event, context }) => {
  const { token: address, by, config } = event.args;
  const limits = { ...config, outflowWindow: BigInt(config.outflowWindow), ...updatedColumns(event) };
  await context.db
    .insert(token)
    .values({ ...unconfiguredToken(context, event, address), ...limits })
    .onConflictDoUpdate(limits);
  await addAdminEvent(context, event, "TokenConfigured", by);
});

/** Anything can be sent to the escrow, so also tokens that were never configured are swept. */
ponder.on("Escrow:SurplusSwept", async ({ event, context }) => {
  const { token: address, by, amount } = event.args;
  await context.db
    .insert(token)
    .values(unconfiguredToken(context, event, address))
    .onConflictDoNothing();
  await addToToken(context, event, address, { swept: amount });
  await book(context, event, sweptEntries(event.args), { token: address });
  await addAdminEvent(context, event, "SurplusSwept", by);
});
