import { existsSync } from "node:fs";

import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";

import { Fault } from "../../../deploy/fault.js";

/** Where an indexer keeps its tables: a PGlite directory that nothing else has open, or a Postgres URL. */
export type IndexDatabase = { databaseDir: string } | { databaseUrl: string };

export type Query = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** What a database is called where somebody may read it: without what its URL holds of passwords. */
export function nameOf(database: IndexDatabase): string {
  if ("databaseDir" in database) return database.databaseDir;
  const { host, pathname } = new URL(database.databaseUrl);
  return `Postgres at ${host}${pathname}`;
}

/** Whether there is anything to ask; a PGlite that is not there yet would come to be by asking. */
export const exists = (database: IndexDatabase) =>
  "databaseUrl" in database || (database.databaseDir !== "memory://" && existsSync(database.databaseDir));

/**
 * Asks a database and leaves it again.
 *
 * @throws {@link Fault} if it cannot be reached.
 */
export async function inDatabase<Result>(
  database: IndexDatabase,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const { query, close } = await connect(database).catch((cause: Error) => {
    throw new Fault(`${nameOf(database)} cannot be opened: ${cause.message || String(cause)}.`, { cause });
  });
  try {
    return await work(query);
  } finally {
    await close();
  }
}

async function connect(database: IndexDatabase): Promise<{ query: Query; close: () => Promise<void> }> {
  if ("databaseDir" in database) {
    const pglite = await PGlite.create(database.databaseDir);
    return {
      query: async (sql, values) => (await pglite.query<Record<string, unknown>>(sql, values)).rows,
      close: () => pglite.close(),
    };
  }
  const client = new Client({ connectionString: database.databaseUrl, application_name: "holdfast" });
  // A connection that breaks while nobody asks is told to the next who asks.
  client.on("error", () => {});
  await client.connect();
  return {
    query: async (sql, values) => (await client.query<Record<string, unknown>>(sql, values)).rows,
    close: () => client.end(),
  };
}
