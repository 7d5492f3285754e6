import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

import { getTableColumns, is } from "drizzle-orm";
import { getTableConfig, PgTable, type PgColumn } from "drizzle-orm/pg-core";

import { KINDS, type Kind } from "./kinds.js";
import { handlers } from "./registry.js";

const INDEXER = new URL("../../../indexer/", import.meta.url);
/** Modules that Ponder makes up for the indexer's handlers. */
const MADE_UP: Readonly<Record<string, string>> = {
  "ponder:schema": new URL("ponder.schema.ts", INDEXER).href,
  "ponder:registry": new URL("registry.ts", import.meta.url).href,
};

export interface Column {
  /** As handlers and GraphQL call it. */
  readonly name: string;
  /** As the database calls it. */
  readonly sqlName: string;
  readonly kind: Kind;
}

export interface Table {
  /** As the indexer's schema calls it; GraphQL adds an `s` for many. */
  readonly name: string;
  readonly sqlName: string;
  readonly columns: readonly Column[];
  /** The key less `chainId`, which all have. */
  readonly key: readonly Column[];
}

/** What the indexer would make of events: its own tables and its own handlers. */
export interface Model {
  readonly tables: readonly Table[];
  /** By what handlers pass. */
  readonly tableOf: (given: unknown) => Table;
  readonly handlers: typeof handlers;
  /** Changes whenever the same events could give other rows. */
  readonly fingerprint: string;
}

let loaded: Promise<Model> | undefined;

/** Loads the indexer's schema and handlers into this process. They run here as they run in the indexer. */
export const loadModel = (): Promise<Model> => (loaded ??= load());

async function load(): Promise<Model> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => next(MADE_UP[specifier] ?? specifier, context),
  });
  const root = fileURLToPath(INDEXER);
  const files = globSync("src/*.ts", { cwd: root }).sort();
  const schema = (await import(MADE_UP["ponder:schema"]!)) as Record<string, unknown>;
  for (const file of files) await import(new URL(file, INDEXER).href);
  hooks.deregister();

  const tables = new Map<unknown, Table>();
  for (const [name, value] of Object.entries(schema)) {
    if (is(value, PgTable)) tables.set(value, describe(name, value));
  }
  const sources = [
    "ponder.schema.ts",
    "retired-events.json",
    ...globSync("src/**/*.ts", { cwd: root }).sort(),
  ];
  const hash = createHash("sha256");
  for (const file of sources) hash.update(readFileSync(new URL(file, INDEXER)));
  return {
    tables: [...tables.values()],
    tableOf: (given) => tables.get(given)!,
    handlers,
    fingerprint: hash.digest("hex"),
  };
}

function describe(name: string, table: PgTable): Table {
  const { name: sqlName, primaryKeys } = getTableConfig(table);
  const columns = Object.entries(getTableColumns(table)).map(
    ([column, { name: columnSqlName, columnType }]) => ({
      name: column,
      sqlName: columnSqlName,
      kind: kindOf(columnType, `${sqlName}.${columnSqlName}`),
    }),
  );
  const keyColumns = primaryKeys[0]!.columns.map((column: PgColumn) => column.name);
  const key = keyColumns
    .filter((column) => column !== "chain_id")
    .map((column) => columns.find(({ sqlName }) => sqlName === column)!);
  return { name, sqlName, columns, key };
}

function kindOf(columnType: string, column: string): Kind {
  const kind = KINDS[columnType];
  if (kind !== undefined) return kind;
  throw new Error(`Reconciliation does not know columns of the type ${columnType}, such as ${column}.`);
}
