import { DatabaseSync, type StatementSync } from "node:sqlite";

import { Fault } from "../../../deploy/fault.js";
import { textOf, type Plain, type PlainRow } from "./kinds.js";
import type { Model, Table } from "./model.js";

type Row = Record<string, unknown>;

/** Up to where the chain was replayed. */
export interface Reached {
  readonly block: number;
  readonly hash: string;
}

/** A row that the chain's events make. */
export interface ExpectedRow {
  readonly id: number;
  readonly key: string;
  /** JSON, columns in the schema's order. */
  readonly value: string;
}

/**
 * The rows that the read model should have, in a file, because there may be more of them than memory. The file is also
 * what a run that was interrupted goes on from.
 */
export class Scratch {
  readonly #database: DatabaseSync;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #find: StatementSync;
  readonly #save: StatementSync;
  /** Rows that changed since the last {@link commit}, as handlers have them. */
  readonly #changed = new Map<Table, Map<string, Row>>();

  /**
   * @param path A file, or `:memory:`.
   * @throws {@link Fault} if another run has the file, or it is none of ours.
   */
  constructor(path: string, model: Model) {
    this.#database = open(path);
    this.#positions = new Map(model.tables.map(({ name }, position) => [name, position]));
    this.#find = this.#database.prepare("SELECT id, key, value FROM expected WHERE tbl = ? AND key = ?");
    this.#save = this.#database.prepare(
      "INSERT INTO expected (tbl, key, value) VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value",
    );
  }

  /** The row of a handler's key. */
  get(table: Table, key: string): Row | undefined {
    const changed = this.#changed.get(table)?.get(key);
    if (changed !== undefined) return changed;
    const found = this.find(table, key);
    if (found === undefined) return undefined;
    const plain = JSON.parse(found.value) as PlainRow;
    return Object.fromEntries(table.columns.map(({ name, kind }) => [name, kind.revived(plain[name]!)]));
  }

  put(table: Table, key: string, row: Row): void {
    let rows = this.#changed.get(table);
    if (rows === undefined) this.#changed.set(table, (rows = new Map<string, Row>()));
    rows.set(key, row);
  }

  /** Keeps what changed, together with how far that is. */
  commit(meta: Readonly<Record<string, unknown>>): void {
    this.#database.exec("BEGIN");
    for (const [table, rows] of this.#changed) {
      const position = this.#positionOf(table);
      for (const [key, row] of rows) this.#save.run(position, key, JSON.stringify(kept(table, row)));
    }
    const remember = this.#database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
    for (const [key, value] of Object.entries(meta)) remember.run(key, JSON.stringify(value));
    this.#database.exec("COMMIT");
    this.#changed.clear();
  }

  meta<Value>(key: string): Value | undefined {
    const found = this.#database.prepare("SELECT value FROM meta WHERE key = ?").get(key);
    return found === undefined ? undefined : (JSON.parse(found.value as string) as Value);
  }

  find(table: Table, key: string): ExpectedRow | undefined {
    return this.#find.get(this.#positionOf(table), key) as ExpectedRow | undefined;
  }

  payment(paymentId: string): PlainRow | undefined {
    const found = this.#find.get(this.#positions.get("payment")!, paymentId);
    return found === undefined ? undefined : (JSON.parse(found.value as string) as PlainRow);
  }

  /** All rows of a table in the order of their keys, one at a time. */
  *rows(name: string): Generator<PlainRow> {
    const statement = this.#database.prepare("SELECT value FROM expected WHERE tbl = ? ORDER BY key");
    for (const { value } of statement.iterate(this.#positions.get(name)!)) {
      yield JSON.parse(value as string) as PlainRow;
    }
  }

  /** Rows of a table with their ids, for those who look for what they have not met. */
  *expected(table: Table): Generator<ExpectedRow> {
    const statement = this.#database.prepare("SELECT id, key, value FROM expected WHERE tbl = ?");
    yield* statement.iterate(this.#positionOf(table)) as unknown as Iterable<ExpectedRow>;
  }

  count(table?: Table): number {
    const [where, parameters] = table === undefined ? ["", []] : ["WHERE tbl = ?", [this.#positionOf(table)]];
    return this.#database.prepare(`SELECT count(*) AS n FROM expected ${where}`).get(...parameters)!
      .n as number;
  }

  /** The greatest id of a row. */
  lastId(): number {
    return Number(this.#database.prepare("SELECT coalesce(max(id), 0) AS id FROM expected").get()!.id);
  }

  clear(): void {
    this.#database.exec("DELETE FROM expected; DELETE FROM meta;");
    this.#changed.clear();
  }

  close(): void {
    this.#database.close();
  }

  #positionOf({ name }: Table): number {
    return this.#positions.get(name)!;
  }
}

/** Locked for as long as it is open: two runs on one file would take each other's rows for the chain's. */
function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      PRAGMA cache_size = -16384;
      CREATE TABLE IF NOT EXISTS expected (
        id INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (tbl, key)
      );
      CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    `);
    return database;
  } catch (cause) {
    database.close();
    const { message } = cause as Error;
    throw new Fault(
      message.includes("locked")
        ? `Another reconciliation of this chain is running, and has ${path}: wait for it.`
        : `What an earlier run has read cannot be used (${message}): remove ${path}, and run again.`,
      { cause },
    );
  }
}

/** A handler's row as the database would keep it. */
const kept = (table: Table, row: Row): PlainRow =>
  Object.fromEntries(table.columns.map(({ name, kind }) => [name, kind.kept(row[name])]));

/** What tells a row from the others of its table. */
export const keyOf = (table: Table, row: Readonly<Record<string, unknown>>): string =>
  table.key.map(({ name, kind }) => String(kind.kept(row[name]) as Exclude<Plain, object>)).join(" ");

/** As {@link keyOf}, of a row as it is kept. */
export const keyOfPlain = (table: Table, row: PlainRow): string =>
  table.key.map(({ name }) => textOf(row[name])).join(" ");
