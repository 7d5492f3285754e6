import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";

import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";

import { Fault } from "../../deploy/fault.js";

/** Rows fetched at once, so that memory does not grow with the table. */
const ROWS_AT_ONCE = 2_000;

/** Where the tables of an indexer are: the directory of a PGlite that nothing else has open, or a Postgres URL. */
export type Database = { databaseDir: string } | { databaseUrl: string };

/** What two read models are compared by: for each table the number of its rows and the SHA-256 of all of them. */
export type Digests = ReadonlyMap<string, { readonly rows: number; readonly hash: string }>;

/** The first place at which two read models part. `undefined` where one has no such row, or no such table. */
export interface TableDifference {
  readonly table: string;
  /** Counted from 1, in the order of the primary key. */
  readonly position: number;
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/**
 * The tables of one read model, all as of the moment of opening. A row is its JSON text, in the order of the columns;
 * rows come in the order of their primary key, text compared by its bytes, so that equal tables give equal bytes
 * whichever database holds them.
 */
export class Tables implements AsyncDisposable {
  private constructor(
    private readonly query: (sql: string) => Promise<Record<string, unknown>[]>,
    private readonly schema: string,
    private readonly close: () => Promise<void>,
  ) {}

  /**
   * @param schema Default `holdfast`.
   * @throws {@link Fault} if there is no read model.
   */
  static async open(database: Database, schema = "holdfast"): Promise<Tables> {
    const { query, close } = await connect(database);
    const tables = new Tables(query, schema, close);
    try {
      // Everything after it sees one state of the database, whatever an indexer writes meanwhile.
      await query("begin transaction isolation level repeatable read read only");
      if ((await tables.names()).length === 0) {
        throw new Fault(
          `${nameOf(database)} has no tables in its schema "${schema}": name the schema of the indexer.`,
        );
      }
    } catch (error) {
      await close();
      throw error;
    }
    return tables;
  }

  /** The tables of the read model, without those that Ponder keeps for itself. */
  async names(): Promise<string[]> {
    const rows = await this.query(
      `select table_name as name from information_schema.tables where table_schema = ${quoted(this.schema)}
       and table_name not like '\\_%' order by table_name collate "C"`,
    );
    return rows.map(({ name }) => String(name));
  }

  /** By chain id: the last block that is in the tables. */
  async blocks(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.query(
      `select chain_id, latest_checkpoint from "${this.schema}"._ponder_checkpoint order by chain_id`,
    );
    // A checkpoint begins with 10 digits of time and 16 of the chain; the block's number is the 16 after them.
    return new Map(
      rows.map((row) => [Number(row.chain_id), Number(String(row.latest_checkpoint).slice(26, 42))]),
    );
  }

  /** Every row of a table. */
  async *rows(table: string): AsyncGenerator<string> {
    const cursor = `"rows of ${table}"`;
    const order = await this.#keyOf(table);
    await this.query(
      `declare ${cursor} no scroll cursor for
       select row_to_json(t)::text as row from (select * from "${this.schema}"."${table}") t order by ${order}`,
    );
    try {
      for (;;) {
        const rows = await this.query(`fetch ${ROWS_AT_ONCE} from ${cursor}`);
        for (const { row } of rows) yield String(row);
        if (rows.length < ROWS_AT_ONCE) return;
      }
    } finally {
      await this.query(`close ${cursor}`);
    }
  }

  /** Counts and hashes every table. */
  async digests(): Promise<Digests> {
    const digests = new Map<string, { rows: number; hash: string }>();
    for (const table of await this.names()) {
      const hash = createHash("sha256");
      let rows = 0;
      for await (const row of this.rows(table)) {
        hash.update(row).update("\n");
        rows += 1;
      }
      digests.set(table, { rows, hash: hash.digest("hex") });
    }
    return digests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keyOf(table: string): Promise<string> {
    const columns = await this.query(
      `select a.attname as name, t.typcategory = 'S' as is_text
       from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
       join pg_type t on t.oid = a.atttypid
       where i.indisprimary and i.indrelid = '"${this.schema}"."${table}"'::regclass
       order by array_position(i.indkey::int2[], a.attnum)`,
    );
    if (columns.length === 0) throw new Fault(`Table "${this.schema}"."${table}" has no primary key.`);
    return columns
      .map(({ name, is_text }) => `t."${String(name)}"${is_text === true ? ' collate "C"' : ""}`)
      .join(", ");
  }
}

/** The first row of each table in which two read models differ; none if they are identical, byte for byte. */
export async function differingRows(left: Tables, right: Tables): Promise<TableDifference[]> {
  const [digestsLeft, digestsRight] = [await left.digests(), await right.digests()];
  const differences: TableDifference[] = [];
  for (const table of [...new Set([...digestsLeft.keys(), ...digestsRight.keys()])].sort()) {
    if (digestsLeft.get(table)?.hash === digestsRight.get(table)?.hash) continue;
    differences.push(
      await firstDifference(
        table,
        digestsLeft.has(table) ? left.rows(table) : undefined,
        digestsRight.has(table) ? right.rows(table) : undefined,
      ),
    );
  }
  return differences;
}

async function firstDifference(
  table: string,
  lefts: AsyncGenerator<string> | undefined,
  rights: AsyncGenerator<string> | undefined,
): Promise<TableDifference> {
  try {
    for (let position = 1; ; position++) {
      const left = await next(lefts);
      const right = await next(rights);
      if (left !== right || left === undefined) return { table, position, left, right };
    }
  } finally {
    await lefts?.return(undefined);
    await rights?.return(undefined);
  }
}

async function next(rows: AsyncGenerator<string> | undefined): Promise<string | undefined> {
  const result = await rows?.next();
  return result?.done === false ? result.value : undefined;
}

async function connect(database: Database) {
  if ("databaseUrl" in database) {
    const client = new Client({ connectionString: database.databaseUrl });
    try {
      await client.connect();
    } catch (cause) {
      throw new Fault(`${nameOf(database)} does not answer: ${(cause as Error).message}.`, { cause });
    }
    return {
      query: async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows,
      close: () => client.end(),
    };
  }
  // PGlite would make a new database of a directory that is not there.
  if (!(await stat(database.databaseDir).catch(() => undefined))?.isDirectory()) {
    throw new Fault(`There is no directory ${database.databaseDir}.`);
  }
  const pglite = await PGlite.create(database.databaseDir);
  return {
    query: async (sql: string) => (await pglite.query<Record<string, unknown>>(sql)).rows,
    close: () => pglite.close(),
  };
}

/** What a database is called in sentences: never its URL, which has a password in it. */
const nameOf = (database: Database): string =>
  "databaseDir" in database ? database.databaseDir : `Postgres at ${new URL(database.databaseUrl).host}`;

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
