import type { Context } from "ponder:registry";
import { ledgerEntry } from "ponder:schema";
import type { Address, Hex } from "viem";

import type { Entry } from "../model/ledger.js";
import { logColumns, type LogEvent } from "./position.js";

/** Books the entries of one event. */
export async function book(
  context: Context,
  event: LogEvent,
  entries: Entry[],
  about: { token: Address; paymentId?: Hex },
): Promise<void> {
  await context.db
    .insert(ledgerEntry)
    .values(entries.map((entry, n) => ({ ...logColumns(context, event), n, ...entry, ...about })));
}
