import { onchainTable, primaryKey } from "ponder";

export const escrowEvent = onchainTable(
  "escrow_event",
  (t) => ({
    block: t.bigint().notNull(),
    logIndex: t.integer().notNull(),
    paymentId: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.block, table.logIndex] }) }),
);
