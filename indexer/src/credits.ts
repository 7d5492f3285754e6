import { ponder } from "ponder:registry";
import { credit } from "ponder:schema";

import { complianceReasons, named } from "./model/enums.js";
import { creditedEntries, withdrawnEntries } from "./model/ledger.js";
import { book } from "./store/ledger.js";
import { addToTimeline, updatePayment } from "./store/payments.js";
import { mustExist, updatedColumns } from "./store/position.js";
import { addToToken } from "./store/sums.js";

/** Follows the payout event that booked the amount as paid out; here it turns into a credit instead. */
ponder.on("Escrow:PayoutCredited", async ({ event, context }) => {
  const { paymentId, token, account, amount, balance } = event.args;
  const reason = named(complianceReasons, event.args.reason);
  const { buyer, seller } = await updatePayment(context, event, () => ({}));

  const state = { balance, reason, frozen: reason !== "None", ...updatedColumns(event) };
  await context.db
    .insert(credit)
    .values({ chainId: context.chain.id, token, account, ...state })
    .onConflictDoUpdate(state);
  await addToTimeline(context, event, { kind: "PayoutCredited", account, amount, reason });
  await addToToken(context, event, token, { credits: amount, paidOut: -amount });
  await book(context, event, creditedEntries({ account, buyer, seller, amount }), { token, paymentId });
});

ponder.on("Escrow:CreditWithdrawn", async ({ event, context }) => {
  const { token, account, to, amount, balance } = event.args;
  const update = context.db
    .update(credit, { chainId: context.chain.id, token, account })
    .set({ balance, reason: "None", frozen: false, ...updatedColumns(event) });
  await mustExist(update, `a credit of ${account} in ${token}`, event);
  await addToToken(context, event, token, { credits: -amount, paidOut: amount });
  await book(context, event, withdrawnEntries({ account, to, amount }), { token });
});
