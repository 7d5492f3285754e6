import { is, Relations, createTableRelationsHelpers, Many } from "drizzle-orm";
import { getTableConfig, PgTable, type PgColumn } from "drizzle-orm/pg-core";
import { format } from "prettier";

import * as schema from "../../indexer/ponder.schema.js";
import { readSchemaComments, type SchemaComments } from "./schema-comments.js";

const HEAD = `# Schema reference

Written by \`npm run schemas:read-model\` from \`indexer/ponder.schema.ts\`; a test fails if it is not current. What the
tables mean is in [the read model](read-model.md), how to ask in [the recipes](recipes.md), and what GraphQL can be asked,
word for word, in \`indexer/schema.graphql\`.

In GraphQL a row is asked for by its key, as \`payment(…)\`, and many by the name with an \`s\`, as \`payments(…)\`. In SQL
names are in snake case: \`payment_event.log_index\`. A _number_ is a JSON number, _digits_ are a string of digits
(\`numeric(78)\` in SQL), _hex_ is lower case with \`0x\`.
`;

const TYPES: Readonly<Record<string, string>> = {
  PgInteger: "number",
  PgNumeric: "digits",
  PgEvmBigint: "digits",
  PgHex: "hex",
  PgText: "text",
  PgBoolean: "true or false",
  PgJson: "JSON",
};

/** The tables of the read model as a page of documentation. */
export async function schemaReference(): Promise<string> {
  const comments = await readSchemaComments();
  const tables = Object.entries<unknown>(schema).filter((entry): entry is [string, PgTable] =>
    is(entry[1], PgTable),
  );
  const sections = tables.map(([name, table]) => describeTable(name, table, comments));
  return format([HEAD, ...sections, describeEnums()].join("\n"), { parser: "markdown", printWidth: 120 });
}

function describeTable(name: string, table: PgTable, comments: SchemaComments): string {
  const { columns, primaryKeys, indexes } = getTableConfig(table);
  const nameOf = namesIn(table);
  const code = (list: readonly unknown[]) =>
    list.map((column) => `\`${nameOf(column as PgColumn)}\``).join(", ");
  const rows = columns.map((column) => {
    const what = comments.get(`${name}.${nameOf(column)}`) ?? "";
    const type = column.notNull ? typeOf(column) : `${typeOf(column)}, or nothing`;
    return `| \`${nameOf(column)}\` | ${type} | ${what.replaceAll("|", "\\|")} |`;
  });
  const lists = indexes.map(({ config }) => code(config.columns));
  return [
    `## \`${name}\`\n`,
    `${comments.get(name) ?? ""}\n`,
    `Key: ${code(primaryKeys[0]!.columns)}.${lists.length ? ` Indexes: ${lists.join("; ")}.` : ""}\n`,
    "| column | type | what |\n| --- | --- | --- |",
    ...rows,
    `\n${describeRelations(table)}`,
  ].join("\n");
}

function describeRelations(table: PgTable): string {
  const found = Object.values<unknown>(schema).find(
    (item): item is Relations => is(item, Relations) && item.table === table,
  );
  const relations = Object.entries(found?.config(createTableRelationsHelpers(table)) ?? {});
  if (relations.length === 0) return "";
  const names = relations.map(
    ([name, to]) => `\`${name}\` (${is(to, Many) ? "list of " : ""}\`${nameOfTable(to.referencedTable)}\`)`,
  );
  return `Leads to ${names.join(", ")}.\n`;
}

function describeEnums(): string {
  const enums = Object.values<unknown>(schema).flatMap((item) =>
    typeof item === "function" && "enumValues" in item
      ? [item as unknown as { enumName: string; enumValues: string[] }]
      : [],
  );
  const rows = enums.map(
    ({ enumName, enumValues }) =>
      `| \`${enumName}\` | ${enumValues.map((value) => `\`${value}\``).join(", ")} |`,
  );
  return ["## Enums\n", "| enum | values |\n| --- | --- |", ...rows, ""].join("\n");
}

function typeOf(column: PgColumn): string {
  const { enumValues, columnType } = column;
  if (columnType === "PgArray") return "list of hex";
  if (columnType.startsWith("PgEnum"))
    return `\`${(column as unknown as { enum: { enumName: string } }).enum.enumName}\``;
  const type = TYPES[columnType];
  if (!type)
    throw new Error(
      `The schema has a column of type ${columnType} (${enumValues?.join() ?? ""}), for which the reference has no word.`,
    );
  return type;
}

/** The name of a column in TypeScript and GraphQL; the column itself knows only that in SQL. */
function namesIn(table: PgTable): (column: PgColumn) => string {
  const byColumn = new Map(Object.entries(table).map(([name, column]) => [(column as PgColumn).name, name]));
  return (column) => byColumn.get(column.name) ?? column.name;
}

const nameOfTable = (table: unknown) =>
  Object.entries<unknown>(schema).find(([, item]) => item === table)![0];
