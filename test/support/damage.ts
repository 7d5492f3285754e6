import type { Query } from "../../scripts/lib/reconcile/database.js";
import type { Table } from "../../scripts/lib/reconcile/model.js";

/** A row as the database has it, by its SQL names. */
export type Row = Record<string, unknown>;

const BIG = 1_000_000;

/** Plants damage in a schema of the indexer; only inside a transaction that is rolled back. */
export class Damage {
  #types = new Map<string, string>();

  private constructor(
    private readonly query: Query,
    private readonly schema: string,
  ) {}

  static async in(query: Query, schema: string, tables: readonly Table[]): Promise<Damage> {
    const damage = new Damage(query, schema);
    const columns = await query(
      "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1",
      [schema],
    );
    for (const { table_name, column_name, data_type } of columns as Record<string, string>[]) {
      damage.#types.set(`${table_name}.${column_name}`, data_type!);
    }
    // Ponder's own triggers would keep what is planted for a reorganisation.
    for (const { sqlName } of tables)
      await query(`ALTER TABLE "${schema}"."${sqlName}" DISABLE TRIGGER USER`);
    return damage;
  }

  /** The n-th row of a table in the order of its key, from the beginning again after the last. */
  async row(table: Table, n: number): Promise<Row> {
    const [{ count }] = (await this.query(`SELECT count(*) AS count FROM ${this.#name(table)}`)) as [Row];
    const order = table.key.map(({ sqlName }) => `"${sqlName}"`).join(", ");
    const sql = `SELECT * FROM ${this.#name(table)} ORDER BY ${order} LIMIT 1 OFFSET ${n % Number(count)}`;
    return (await this.query(sql))[0]!;
  }

  key(table: Table, row: Row): string {
    return table.key.map(({ sqlName, kind }) => String(kind.answered(row[sqlName]) as string)).join(" ");
  }

  /** The payment that a row is about, if it is about one. */
  payment({ columns }: Table, row: Row): string | undefined {
    const column = columns.find(({ name }) => name === "paymentId");
    return column === undefined ? undefined : (row[column.sqlName] as string);
  }

  /** Gives a column of a row another value of its type. Returns the row as it then is. */
  async change(table: Table, row: Row, column: string): Promise<Row> {
    const sql = `UPDATE ${this.#name(table)} SET "${column}" = ${this.#other(table, column)} ${this.#where(table)} RETURNING *`;
    return (await this.query(sql, this.#keyValues(table, row)))[0]!;
  }

  async delete(table: Table, row: Row): Promise<void> {
    await this.query(`DELETE FROM ${this.#name(table)} ${this.#where(table)}`, this.#keyValues(table, row));
  }

  /** The same row again, under another key. */
  async invent(table: Table, row: Row): Promise<Row> {
    const last = table.key.at(-1)!.sqlName;
    const columns = table.columns.map(({ sqlName }) => `"${sqlName}"`);
    const values = table.columns.map(({ sqlName }) =>
      sqlName === last ? this.#other(table, last) : `"${sqlName}"`,
    );
    const sql =
      `INSERT INTO ${this.#name(table)} (${columns.join(", ")}) ` +
      `SELECT ${values.join(", ")} FROM ${this.#name(table)} ${this.#where(table)} RETURNING *`;
    return (await this.query(sql, this.#keyValues(table, row)))[0]!;
  }

  /** The same row again, under the same key. */
  async duplicate(table: Table, row: Row): Promise<void> {
    const [{ name }] = (await this.query(
      "SELECT conname AS name FROM pg_constraint WHERE contype = 'p' AND conrelid = $1::regclass",
      [this.#name(table)],
    )) as [Row];
    await this.query(`ALTER TABLE ${this.#name(table)} DROP CONSTRAINT "${name as string}"`);
    const sql = `INSERT INTO ${this.#name(table)} SELECT * FROM ${this.#name(table)} ${this.#where(table)}`;
    await this.query(sql, this.#keyValues(table, row));
  }

  #name({ sqlName }: Table): string {
    return `"${this.schema}"."${sqlName}"`;
  }

  #where(table: Table): string {
    return `WHERE ${table.key.map(({ sqlName }, i) => `"${sqlName}" = $${i + 1}`).join(" AND ")}`;
  }

  #keyValues(table: Table, row: Row): unknown[] {
    return table.key.map(({ sqlName }) => row[sqlName]);
  }

  /** SQL for another value than the column has. */
  #other({ sqlName }: Table, column: string): string {
    const old = `"${column}"`;
    const type = this.#types.get(`${sqlName}.${column}`);
    switch (type) {
      case "numeric":
      case "integer":
        return `coalesce(${old}, 0) + ${BIG}`;
      case "boolean":
        return `NOT ${old}`;
      case "json":
        return `'{"tampered": true}'`;
      case "ARRAY":
        return `array_append(${old}, '0x00')`;
      case "USER-DEFINED":
        return `(SELECT v FROM unnest(enum_range(${old}, NULL) || enum_range(NULL, ${old})) v WHERE v IS DISTINCT FROM ${old} LIMIT 1)`;
      case undefined:
      default:
        // The last character of what is there.
        return `CASE WHEN coalesce(${old}, '') = '' THEN '0x00' ELSE left(${old}, -1) || CASE right(${old}, 1) WHEN '0' THEN '1' ELSE '0' END END`;
    }
  }
}
