import { readFileSync, readlinkSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";

import { z } from "zod";

import { exists, inDatabase, type IndexDatabase } from "./database.js";

/**
 * The process that writes an index. Two things that are equal here are the same process, also after process ids have
 * begun anew: a machine since it booted, the namespace that the id counts in, and when the process began.
 */
const Writer = z.object({ machine: z.string(), pid: z.number(), began: z.string() });
type Writer = z.infer<typeof Writer>;

/** Notes who writes a database, where the next to start finds it. Without such a note it waits for the lock to age. */
export async function noteWriter(database: IndexDatabase, schema: string, pid: number): Promise<void> {
  const writer = writerOf(pid);
  if (writer === undefined) return;
  const note = JSON.stringify(writer);
  if ("databaseDir" in database) {
    if (database.databaseDir !== "memory://") await writeFile(noteBeside(database.databaseDir), note);
    return;
  }
  await inDatabase(database, async (query) => {
    await query(`create schema if not exists "${schema}"`);
    await query(`comment on schema "${schema}" is '${note}'`);
  });
}

/**
 * Takes the lock off an index whose writer is known to be dead. Ponder itself waits until the last sign of life is 25
 * seconds old, because it cannot know; here we can, if the writer noted itself and ran on this very machine.
 *
 * @returns Whether a lock was taken off.
 */
export async function releaseLockOfTheDead(database: IndexDatabase, schema: string): Promise<boolean> {
  if (!exists(database)) return false;
  if ("databaseDir" in database) {
    const writer = parsed(await readFile(noteBeside(database.databaseDir), "utf8").catch(() => ""));
    // While it lives, its directory must not be opened a second time.
    if (!isKnownDead(writer)) return false;
    return await inDatabase(database, (query) => release(query, schema));
  }
  return await inDatabase(database, async (query) => {
    const [row] = await query(
      "select obj_description(oid, 'pg_namespace') as note from pg_namespace where nspname = $1",
      [schema],
    );
    return isKnownDead(parsed(row?.note)) && (await release(query, schema));
  });
}

/** Whether a process of this machine that noted itself is writing a PGlite: nothing else may open that then. */
export async function isWrittenHere(database: IndexDatabase): Promise<boolean> {
  if (!("databaseDir" in database)) return false;
  const writer = parsed(await readFile(noteBeside(database.databaseDir), "utf8").catch(() => ""));
  return (
    writer?.machine === thisMachine() && writer !== undefined && beginningOf(writer.pid) === writer.began
  );
}

async function release(query: (sql: string) => Promise<unknown[]>, schema: string): Promise<boolean> {
  const [meta] = (await query(`select to_regclass('"${schema}"._ponder_meta') is not null as is_there`)) as {
    is_there: boolean;
  }[];
  if (!meta?.is_there) return false;
  const released = await query(
    `update "${schema}"._ponder_meta set value = jsonb_set(value, '{is_locked}', '0')
     where value->>'is_locked' = '1' returning key`,
  );
  return released.length > 0;
}

const noteBeside = (directory: string) => `${directory.replace(/\/+$/, "")}.writer.json`;

function parsed(note: unknown): Writer | undefined {
  try {
    return Writer.parse(JSON.parse(String(note)));
  } catch {
    return undefined;
  }
}

/** Only of a process of this machine can anybody here know that it is dead. */
function isKnownDead(writer: Writer | undefined): boolean {
  if (writer === undefined || writer.machine !== thisMachine()) return false;
  return beginningOf(writer.pid) !== writer.began;
}

function writerOf(pid: number): Writer | undefined {
  const machine = thisMachine();
  const began = beginningOf(pid);
  return machine === undefined || began === undefined ? undefined : { machine, pid, began };
}

/** This machine since it booted, and the namespace that its process ids count in. Only Linux tells. */
function thisMachine(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

/** When a process began, in ticks since boot, or nothing if there is none of that id. */
function beginningOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything, the state is first and the beginning the 20th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
