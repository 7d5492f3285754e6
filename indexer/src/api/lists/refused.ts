import { objection, shown } from "../objection.js";
import type { Arguments } from "./asked.js";
import { valuesOf } from "./cursor.js";
import type { Filter } from "./filter.js";
import type { QuickColumn, QuickTable } from "./table.js";

const MOST_ROWS = 1_000;

/** What a key of a filter compares, and how. No column has an underscore in its name. */
export function comparisonOf(key: string): [column: string, suffix: string] {
  const end = key.indexOf("_");
  return end < 0 ? [key, ""] : [key.slice(0, end), key.slice(end)];
}

/** Of a list. A negative limit would be none. */
export function refuseRange({ after, before, offset }: Arguments, limit: number): void {
  if (limit < 0 || limit > MOST_ROWS) {
    throw objection(`\`limit\` is ${limit}: give 0 to ${MOST_ROWS}, and page on with \`after\`.`);
  }
  const skipped = offset ?? 0;
  if (skipped < 0) throw objection(`\`offset\` is ${skipped}: give 0 or more.`);
  const beginnings = [after ?? undefined, before ?? undefined, skipped || undefined];
  if (beginnings.filter((given) => given !== undefined).length > 1) {
    throw objection("A page can begin in one place: give only one of `after`, `before` and `offset`.");
  }
}

/** @param name What the filter stands in. */
export function refuseFilter(
  table: QuickTable,
  filter: Filter | null,
  name: string,
): asserts filter is Filter {
  if (filter === null) throw nullIn(name);
  for (const [key, value] of Object.entries(filter)) {
    if (key !== "AND" && key !== "OR") refuseComparison(table, key, value);
    else if (value === null) throw nullIn(key);
    else refuseParts(table, key, value as Filter[]);
  }
}

function refuseParts(table: QuickTable, key: "AND" | "OR", parts: readonly Filter[]): void {
  for (const part of parts) refuseFilter(table, part, key);
  // Nothing holds of it, or everything: neither is what whoever put it together meant.
  if (key === "OR" && (parts.length === 0 || parts.some(saysNothing)))
    throw objection("`OR` is empty, or has an empty filter in it: give conditions there, or leave it out.");
}

const saysNothing = (filter: Filter): boolean =>
  Object.entries(filter).every(([key, parts]) => key === "AND" && (parts as Filter[]).every(saysNothing));

function refuseComparison({ byName }: QuickTable, key: string, value: unknown): void {
  const [name, suffix] = comparisonOf(key);
  const isWhole = suffix === "" || suffix === "_not";
  if (value === null && isWhole) return;
  const { isList, kind } = byName.get(name)!;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.includes(null)) throw nullIn(key);
  if (isList && isWhole && values.length === 0) {
    throw objection(`\`${key}\` is an empty list: give what is in it, or null for none.`);
  }
  const wrong = values.find((given) => !kind.fits(given));
  if (wrong !== undefined) throw unfit(key, wrong, kind.words);
  if (suffix.includes("_ends_with") && ENDS_ESCAPING.test(String(value))) {
    throw objection(`\`${key}\` ends with a backslash that escapes nothing: write two for one.`);
  }
}

/** An odd number of backslashes: in a pattern one changes the sign after it. */
const ENDS_ESCAPING = /(?<!\\)(\\\\)*\\$/;

/** Keys of one row. */
export function refuseKey({ key }: QuickTable, args: Readonly<Record<string, unknown>>): void {
  for (const { name, kind } of key) {
    if (!kind.fits(args[name])) throw unfit(name, args[name], kind.words);
  }
}

/** The columns that rows are ordered by. */
export function orderOf({ byName, key }: QuickTable, orderBy: Arguments["orderBy"]): readonly QuickColumn[] {
  if (orderBy === undefined) return key;
  const first = byName.get(orderBy ?? "");
  if (!first?.isOrdered) {
    const names = [...byName.values()].filter(({ isOrdered }) => isOrdered).map(({ name }) => name);
    throw objection(
      `\`orderBy\` is ${orderBy === null ? "null" : shown(orderBy)}: leave it out, or give one of ${names.join(", ")}.`,
    );
  }
  return [first, ...key.filter((column) => column !== first)];
}

/** Ponder takes whatever is not "asc" for the other. */
export function isDescending({ orderDirection }: Arguments): boolean {
  const direction = orderDirection ?? "asc";
  if (direction === "asc" || direction === "desc") return direction === "desc";
  throw objection(`\`orderDirection\` is ${shown(direction)}: give asc or desc, or leave it out.`);
}

/** Where a cursor stands. */
export function positionOf(
  name: "after" | "before",
  cursor: string | null | undefined,
  order: readonly QuickColumn[],
): readonly unknown[] | undefined {
  if (cursor === null || cursor === undefined) return undefined;
  const values = valuesOf(order, cursor);
  if (!values) {
    throw objection(
      `\`${name}\` is ${shown(cursor)}: give the \`endCursor\` or \`startCursor\` of a page with the same \`orderBy\`.`,
    );
  }
  return values;
}

const nullIn = (name: string) =>
  objection(`\`${name}\` is null, or has null in it: give a value there, or leave it out.`);

const unfit = (name: string, value: unknown, words: string) =>
  objection(`\`${name}\` has ${shown(String(value))}: give ${words}.`);
