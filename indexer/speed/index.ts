import { join } from "node:path";

import { prepare } from "./pglite.js";
import { loadWhatIsRead, makeRoomForRows, type Ponder } from "./ponder.js";

export type { Ponder };

/** Makes a backfill faster, before Ponder opens its database, and changes no row. Nothing in a process that writes no index. */
export async function hasten(
  ponder: Ponder | undefined,
  env: NodeJS.ProcessEnv,
  database: { kind: "postgres" } | { kind: "pglite"; directory?: string },
): Promise<void> {
  if (ponder === undefined || !["start", "dev"].includes(ponder.options.command)) return;
  makeRoomForRows(ponder, env);
  loadWhatIsRead(ponder);
  if (database.kind !== "pglite") return;
  const { directory = join(ponder.options.ponderDir, "pglite") } = database;
  // Ponder says what is wrong with a directory that cannot be used.
  await prepare(directory).catch(() => undefined);
}
