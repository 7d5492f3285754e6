import type { Statement } from "../batch.js";
import type { Asked } from "./asked.js";
import { conditionsOf, type Bind, type Filter } from "./filter.js";
import type { QuickColumn, QuickTable } from "./table.js";

/** Which rows of a table. */
export interface Which {
  readonly where: Filter;
  /** What columns have, whatever is asked for: a key, or what leads to the row that the list belongs to. */
  readonly given: readonly (readonly [column: QuickColumn, value: unknown])[];
}

type Wanted = Which &
  Pick<Asked, "order" | "descending" | "cursor" | "offset"> & {
    /** Names of columns and of relations: what else is needed comes with them. */
    readonly fields: ReadonlySet<string>;
    readonly rows: number;
  };

/** The statement for some rows of a table. What comes from outside is a value of it, never a part of its text. */
export function statementOf(table: QuickTable, wanted: Wanted): Statement {
  const { order, descending, cursor, offset, rows } = wanted;
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const conditions = conditionsFor(table, wanted, bind);
  const along = (names: readonly string[]) =>
    names.length === 0
      ? ""
      : ` order by ${names.map((name) => (descending ? `${name} desc` : name)).join(", ")}`;
  const select = (place: readonly string[]) =>
    `select ${columnsFor(table, wanted).join(", ")} from ${table.sql}${whereOf([...conditions, ...place])}` +
    `${along(order.map(({ sql }) => sql))} limit ${rows}`;

  const places = cursor ? placesFrom(order, cursor, descending, bind) : [];
  if (places.length < 2) return { text: `${select(places)}${offset > 0 ? ` offset ${offset}` : ""}`, values };
  const parts = places.map((place) => `(${select([place])})`).join(" union all ");
  const names = order.map(({ name }) => `t."${name}"`);
  return { text: `select * from (${parts}) t${along(names)} limit ${rows}`, values };
}

/** How many rows there are, on all pages. */
export function countOf(table: QuickTable, which: Which): Statement {
  const values: unknown[] = [];
  const conditions = conditionsFor(table, which, (value) => `$${values.push(value)}`);
  return { text: `select count(*)::int as count from ${table.sql}${whereOf(conditions)}`, values };
}

const conditionsFor = (table: QuickTable, { where, given }: Which, bind: Bind) => [
  ...conditionsOf(table, where, bind),
  ...given.map(([{ sql, toDriver }, value]) => `${sql} = ${bind(toDriver(value))}`),
];

const whereOf = (conditions: readonly string[]) =>
  conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "";

/**
 * Where a row stands that is at the cursor or behind it: in one of these places. The database can begin to read at each, which it
 * could not at both in one condition, nor if each column was compared by itself. What is empty comes last, backwards first; only
 * the column that was asked for can be.
 */
function placesFrom(
  order: readonly QuickColumn[],
  cursor: readonly unknown[],
  descending: boolean,
  bind: Bind,
): string[] {
  const [first, ...key] = order as [QuickColumn, ...QuickColumn[]];
  const from = (columns: readonly QuickColumn[], position: readonly unknown[]) =>
    `(${columns.map(({ sql }) => sql).join(", ")}) ${descending ? "<=" : ">="} ` +
    `(${columns.map(({ toDriver }, i) => bind(toDriver(position[i]))).join(", ")})`;
  if (cursor[0] === null) {
    const behind = `${first.sql} is null and ${from(key, cursor.slice(1))}`;
    return descending ? [behind, `${first.sql} is not null`] : [behind];
  }
  const behind = from(order, cursor);
  return first.isNullable && !descending ? [behind, `${first.sql} is null`] : [behind];
}

/** No more than is asked for: to read and to hand over whole rows costs more than to find them. */
function columnsFor({ columns, key, relations }: QuickTable, { fields, order }: Wanted): string[] {
  const needed = new Set([...key, ...order]);
  for (const field of fields) relations.get(field)?.forEach((column) => needed.add(column));
  return columns
    .filter((column) => needed.has(column) || fields.has(column.name))
    .map(({ name, sql }) => `${sql} as "${name}"`);
}
