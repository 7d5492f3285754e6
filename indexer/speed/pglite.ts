import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { PGlite } from "@electric-sql/pglite";

/**
 * PGlite never has the disk write its tables, only its log, each page at once. An index that is made of a chain needs no
 * more of the log than to survive its process, which the system's memory does.
 */
const SETTINGS = {
  wal_sync_method: "fdatasync",
  // Segments are of 1 MiB, and would be written twice.
  wal_init_zero: "off",
  // New indexes are not written to the log as well.
  wal_level: "minimal",
  max_wal_senders: "0",
};

const TEXT = Object.entries(SETTINGS)
  .map(([name, value]) => `${name} = '${value}'\n`)
  .join("");

/** Gives a directory of PGlite, which need not exist yet, settings for an index. PGlite takes them from a file only. */
export async function prepare(directory: string): Promise<void> {
  if (!existsSync(join(directory, "PG_VERSION"))) {
    const made = await PGlite.create(directory);
    await made.close();
  }
  await writeFile(join(directory, "postgresql.auto.conf"), TEXT);
}
