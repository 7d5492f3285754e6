import type { Context } from "ponder:registry";
import { adminEvent } from "ponder:schema";
import type { Address } from "viem";

import { plain } from "../model/plain.js";
import { logColumns, type LogEvent } from "./position.js";

/** Adds an act of administration to the timeline that auditors read. */
export async function addAdminEvent(
  context: Context,
  event: LogEvent & { args: object },
  kind: string,
  actor?: Address,
): Promise<void> {
  await context.db.insert(adminEvent).values({
    ...logColumns(context, event),
    contract: event.log.address,
    kind,
    actor,
    args: plain(event.args),
  });
}
