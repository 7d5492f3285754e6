import type { Statement } from "../batch.js";
import type { Asked, Condition } from "./asked.js";
import type { QuickColumn, QuickTable } from "./table.js";

type Wanted = Pick<Asked, "order" | "descending" | "after"> & {
  /** Names of columns and of relations: what else is needed comes with them. */
  readonly fields: ReadonlySet<string>;
  readonly conditions: readonly Condition[];
  readonly rows: number;
};

/** The statement for some rows of a table. What comes from outside is a value of it, never a part of its text. */
export function statementOf(table: QuickTable, wanted: Wanted): Statement {
  const { conditions, order, descending, after, rows } = wanted;
  const values: unknown[] = [];
  const value = (column: QuickColumn, given: unknown) => `$${values.push(column.toDriver(given))}`;
  const names = order.map(({ sql }) => sql);

  const all = conditions.map(([column, comparison, given]) =>
    comparison === "is null" || comparison === "is not null"
      ? `${column.sql} ${comparison}`
      : `${column.sql} ${comparison} ${value(column, given)}`,
  );
  if (after) {
    const from = order.map((column, i) => value(column, after[i]));
    // The database can begin to read there, which it could not if each column was compared by itself.
    all.push(`(${names.join(", ")}) ${descending ? "<=" : ">="} (${from.join(", ")})`);
  }
  const where = all.length > 0 ? ` where ${all.join(" and ")}` : "";
  const along = names.map((name) => (descending ? `${name} desc` : name)).join(", ");
  const select = `select ${columnsFor(table, wanted).join(", ")} from ${table.sql}`;
  return { text: `${select}${where}${along && ` order by ${along}`} limit ${rows}`, values };
}

/** No more than is asked for: to read and to hand over whole rows costs more than to find them. */
function columnsFor({ columns, key, relations }: QuickTable, { fields, order }: Wanted): string[] {
  const needed = new Set([...key, ...order]);
  for (const field of fields) relations.get(field)?.forEach((column) => needed.add(column));
  return columns
    .filter((column) => needed.has(column) || fields.has(column.name))
    .map(({ name, sql }) => `${sql} as "${name}"`);
}
