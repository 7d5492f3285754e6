import { rmSync } from "node:fs";
import { cp, mkdtemp, rm, stat, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import { identitySql, type IndexIdentity } from "../../../indexer/guard/index-id.js";
import type { Plain } from "./kinds.js";
import type { Table } from "./model.js";
import type { IndexSource, IndexedRow } from "./source.js";

/** Rows in one page. */
const PAGE = 1_000;
/** Digits of the parts of Ponder's checkpoints: ten of the time, sixteen of the chain, sixteen of the block. */
const BLOCK_DIGITS = [26, 42] as const;

export type Query = (sql: string, parameters?: unknown[]) => Promise<Record<string, unknown>[]>;

/** A connection to a database of the indexer. */
export interface Connection {
  readonly query: Query;
  close(): Promise<void>;
}

/** The index in one consistent snapshot of a database. `query` must stay in one transaction that sees no changes. */
export function databaseSource(query: Query, schema: string, chainId: number): IndexSource {
  const tableName = ({ sqlName }: Table) => `${quoted(schema)}.${quoted(sqlName)}`;
  return {
    kind: "database",
    identity: () => identityOf(query, schema),
    block: async () => {
      const checkpoints = await query(
        `SELECT latest_checkpoint FROM ${quoted(schema)}._ponder_checkpoint WHERE chain_id = $1`,
        [chainId],
      );
      const checkpoint = checkpoints[0]?.latest_checkpoint as string | undefined;
      if (checkpoint === undefined) {
        throw new Fault(`The schema ${schema} has no index of chain ${chainId}.`);
      }
      return Number(checkpoint.slice(...BLOCK_DIGITS));
    },
    strays: async (table, recorded) => {
      // Whoever can write rows can write checkpoints.
      const unrecorded = recorded === undefined ? "" : `OR chain_id NOT IN (${recorded.join(", ")}) `;
      const found = await query(
        `SELECT chain_id, count(*) AS n FROM ${tableName(table)} WHERE chain_id IS NULL OR chain_id NOT IN ` +
          `(SELECT chain_id FROM ${quoted(schema)}._ponder_checkpoint) ${unrecorded}GROUP BY chain_id ORDER BY chain_id`,
      );
      return found.map(({ chain_id, n }) => ({ chainId: Number(chain_id), rows: Number(n) }));
    },
    row: async (table, key) => {
      const columns = table.columns.map(({ sqlName }) => quoted(sqlName)).join(", ");
      const where = table.key.map(({ sqlName }, i) => `AND ${quoted(sqlName)} = $${i + 2}`).join(" ");
      const [row] = await query(`SELECT ${columns} FROM ${tableName(table)} WHERE chain_id = $1 ${where}`, [
        chainId,
        ...key,
      ]);
      return row === undefined ? undefined : answered(table, row);
    },
    count: async (table) => {
      const [row] = await query(`SELECT count(*) AS n FROM ${tableName(table)} WHERE chain_id = $1`, [
        chainId,
      ]);
      return Number(row!.n);
    },
    rows: async function* (table, paymentId) {
      const columns = table.columns.map(({ sqlName }) => quoted(sqlName)).join(", ");
      const key = table.key.map(({ sqlName }) => quoted(sqlName));
      const about = paymentId === undefined ? "" : "AND payment_id = $2";
      const given = paymentId === undefined ? [chainId] : [chainId, paymentId];
      const after = key.map((_, i) => `$${given.length + 1 + i}`);
      let last: unknown[] | undefined;
      for (;;) {
        const beyond = last === undefined ? "" : `AND (${key.join(", ")}) > (${after.join(", ")})`;
        const page = await query(
          `SELECT ${columns} FROM ${tableName(table)} WHERE chain_id = $1 ${about} ${beyond} ` +
            `ORDER BY ${key.join(", ")} LIMIT ${PAGE}`,
          [...given, ...(last ?? [])],
        );
        for (const row of page) yield answered(table, row);
        if (page.length < PAGE) return;
        last = table.key.map(({ sqlName }) => page.at(-1)![sqlName]);
      }
    },
    duplicates: async (table) => {
      const key = table.key.map(({ sqlName }) => quoted(sqlName)).join(", ");
      const found = await query(
        `SELECT ${key} FROM ${tableName(table)} WHERE chain_id = $1 GROUP BY ${key} HAVING count(*) > 1 LIMIT ${PAGE}`,
        [chainId],
      );
      return found.map((row) =>
        table.key.map(({ sqlName, kind }) => String(kind.answered(row[sqlName]) as string)).join(" "),
      );
    },
  };
}

const answered = ({ columns }: Table, row: Record<string, unknown>): IndexedRow =>
  Object.fromEntries(
    columns.map(({ name, sqlName, kind }): [string, Plain] => [name, kind.answered(row[sqlName])]),
  );

/** Which index a schema holds, or shows. */
export async function identityOf(query: Query, schema: string): Promise<IndexIdentity> {
  const [found] = await query(identitySql(`${quoted(schema)}._ponder_checkpoint`));
  return found as unknown as IndexIdentity;
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Runs `work` in a transaction that sees one moment of the database and can change nothing. */
export async function inSnapshot<Result>(
  { query }: Connection,
  work: () => Promise<Result>,
): Promise<Result> {
  await query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    // It waits for the chain between two questions.
    await query("SET LOCAL idle_in_transaction_session_timeout = 0");
    return await work();
  } finally {
    await query("ROLLBACK");
  }
}

/** What Postgres says last to a connection that an admin, a timeout or its own end closes. */
const ENDED = /^(57P0|25P03)/;

/** Connects to Postgres by its URL. */
export async function openPostgres(connectionString: string): Promise<Connection> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString });
  let lost: Error | undefined;
  // A connection that breaks while nobody asks is told to the next who asks.
  client.on("error", (error) => (lost ??= error));
  try {
    await client.connect();
  } catch (cause) {
    // The URL has a password in it.
    throw new Fault(`The database does not let anybody in: ${(cause as Error).message}.`, { cause });
  }
  return {
    query: async (sql, parameters) => {
      try {
        return (await client.query<Record<string, unknown>>(sql, parameters)).rows;
      } catch (cause) {
        if (lost === undefined && !ENDED.test(String((cause as { code?: string }).code))) throw cause;
        throw new Fault(`The connection to the database was lost: ${(lost ?? (cause as Error)).message}.`, {
          cause,
        });
      }
    },
    close: () => client.end(),
  };
}

/** Opens a directory of PGlite, which nobody else may have open. */
export async function openPglite(directory: string): Promise<Connection> {
  const { PGlite } = await import("@electric-sql/pglite");
  const database = await PGlite.create(directory);
  return {
    query: async (sql, parameters) => (await database.query<Record<string, unknown>>(sql, parameters)).rows,
    close: () => database.close(),
  };
}

/**
 * Opens a copy of a directory of PGlite, because to open it is to write to it.
 *
 * @throws {@link Fault} if somebody writes to it while it is copied.
 */
export async function openCopyOfPglite(directory: string): Promise<Connection> {
  const before = await newestChange(directory);
  const copy = await mkdtemp(path.join(tmpdir(), "holdfast-reconcile-"));
  const atExit = () => rmSync(copy, { recursive: true, force: true });
  process.once("exit", atExit);
  const discard = async () => {
    process.off("exit", atExit);
    await rm(copy, { recursive: true, force: true });
  };
  await cp(directory, copy, { recursive: true });
  if ((await newestChange(directory)) !== before) {
    await discard();
    throw new Fault(
      `Somebody writes to ${directory}: stop the indexer first, or ask it while it runs, with --graphql <url>.`,
    );
  }
  const connection = await openPglite(copy);
  return {
    ...connection,
    close: async () => {
      await connection.close();
      await discard();
    },
  };
}

async function newestChange(directory: string): Promise<number> {
  const files = await readdir(directory, { recursive: true }).catch(() => {
    throw new Fault(`There is no database in ${directory}.`);
  });
  let newest = 0;
  for (const file of files) {
    const { mtimeMs } = await stat(path.join(directory, file)).catch(() => ({ mtimeMs: Infinity }));
    newest = Math.max(newest, mtimeMs);
  }
  return newest;
}
