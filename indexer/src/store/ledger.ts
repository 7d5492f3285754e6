import type { Context } from "ponder:registry";
import { ledgerEntry } from "ponder:schema";
import type { Address, Hex } from "viem";

import type { Entry } from "../model/ledger.js";
import { logColumns, type LogEvent } from "./position.js";

/** Books the entries of one event. Of `about` only these two are taken: a whole payment must not end up in every row. */
export async function book(
  context: Context,
  event: LogEvent,
  entries: Entry[],
  { token, paymentId }: { token: Address; paymentId?: Hex },
): Promise<void> {
  const columns = { ...logColumns(context, event), token, paymentId };
  await context.db.insert(ledgerEntry).values(entries.map((entry, n) => ({ ...columns, n, ...entry })));
}
