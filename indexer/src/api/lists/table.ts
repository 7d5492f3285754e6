import { sql, type Column, type TableRelationalConfig } from "drizzle-orm";
import { PgArray, PgDialect } from "drizzle-orm/pg-core";

import { kindOf, type Kind } from "./kind.js";

/** A column as statements name it. */
export interface QuickColumn {
  readonly name: string;
  readonly sql: string;
  /** Lists are compared in ways of their own. */
  readonly isList: boolean;
  /** Addresses and hashes are kept in lower case. */
  readonly isHex: boolean;
  /** Of what is in it, if it is a list. */
  readonly kind: Kind;
  readonly isNullable: boolean;
  /** The database has no order for JSON. */
  readonly isOrdered: boolean;
  /** What the database compares with. */
  readonly toDriver: (value: unknown) => unknown;
  readonly fromDriver: (value: unknown) => unknown;
}

/** What statements about a table are put together from. */
export interface QuickTable {
  readonly config: TableRelationalConfig;
  /** Its name in statements. */
  readonly sql: string;
  readonly columns: readonly QuickColumn[];
  /** By the names that GraphQL has for them. */
  readonly byName: ReadonlyMap<string, QuickColumn>;
  readonly of: (column: Column) => QuickColumn;
  readonly key: readonly QuickColumn[];
  /** The columns that lead to other tables, by the relation's name. */
  readonly relations: Map<string, readonly QuickColumn[]>;
}

const dialect = new PgDialect({ casing: "snake_case" });

export function quickTable(config: TableRelationalConfig): QuickTable {
  const all = Object.entries(config.columns).map(([name, column]) => quickColumn(name, column));
  // A key has objects of its own for its columns, of the same name.
  const own = new Map(Object.values(config.columns).map((column, i) => [column.name, all[i]!]));
  const of = (column: Column) => own.get(column.name)!;
  const { table } = config.primaryKey[0]!;
  return {
    config,
    sql: dialect.sqlToQuery(sql`${table}`).sql,
    columns: all,
    byName: new Map(all.map((column) => [column.name, column])),
    of,
    key: config.primaryKey.map(of),
    relations: new Map(),
  };
}

const quickColumn = (name: string, column: Column): QuickColumn => ({
  name,
  sql: dialect.sqlToQuery(sql`${column}`).sql,
  isList: column instanceof PgArray,
  isHex: column.columnType === "PgHex",
  kind: kindOf(column),
  isNullable: !column.notNull,
  isOrdered: column.getSQLType() !== "json",
  toDriver: (value) => column.mapToDriverValue(value),
  fromDriver: (value) => (value === null ? null : column.mapFromDriverValue(value)),
});
