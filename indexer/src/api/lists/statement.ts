import type { Statement } from "../batch.js";
import type { Asked, Condition } from "./asked.js";
import type { QuickColumn, QuickTable } from "./table.js";

type Wanted = Pick<Asked, "order" | "descending" | "after"> & {
  readonly conditions: readonly Condition[];
  readonly rows: number;
};

/** The statement for some rows of a table. What comes from outside is a value of it, never a part of its text. */
export function statementOf({ select }: QuickTable, wanted: Wanted): Statement {
  const { conditions, order, descending, after, rows } = wanted;
  const values: unknown[] = [];
  const value = (column: QuickColumn, given: unknown) => `$${values.push(column.toDriver(given))}`;
  const names = order.map(({ sql }) => sql);

  const all = conditions.map(
    ([column, comparison, given]) => `${column.sql} ${comparison} ${value(column, given)}`,
  );
  if (after) {
    const from = order.map((column, i) => value(column, after.values[i]));
    // The database can begin to read there, which it could not if each column was compared by itself.
    all.push(`(${names.join(", ")}) ${descending ? "<=" : ">="} (${from.join(", ")})`);
  }
  const where = all.length > 0 ? ` where ${all.join(" and ")}` : "";
  const along = names.map((name) => (descending ? `${name} desc` : name)).join(", ");
  return { text: `${select}${where}${along && ` order by ${along}`} limit ${rows}`, values };
}
