import { comparisonOf } from "./refused.js";
import type { QuickColumn, QuickTable } from "./table.js";

export type Filter = Readonly<Record<string, unknown>>;
/** Takes a value into a statement, and returns what stands for it in the text. */
export type Bind = (value: unknown) => string;
type Comparison = (column: QuickColumn, value: unknown, bind: Bind) => string;

/** The conditions of a filter: all have to hold, inside an item of `OR` as well. */
export const conditionsOf = (table: QuickTable, filter: Filter, bind: Bind): string[] =>
  Object.entries(filter).map(([key, value]) => {
    if (key !== "AND" && key !== "OR") {
      const [name, suffix] = comparisonOf(key);
      return COMPARISONS[suffix]!(table.byName.get(name)!, value, bind);
    }
    const parts = (value as Filter[]).map((part) => all(conditionsOf(table, part, bind)));
    return key === "AND" ? all(parts) : `(${parts.join(" or ")})`;
  });

const all = (conditions: readonly string[]) =>
  conditions.length === 0 ? "true" : `(${conditions.join(" and ")})`;

const than =
  (operator: string): Comparison =>
  ({ sql, toDriver }, value, bind) =>
    `${sql} ${operator} ${bind(toDriver(value))}`;

/** Lists are equal if each has all that the other has. */
const equals: Comparison = (column, value, bind) => {
  if (value === null) return `${column.sql} is null`;
  if (!column.isList) return than("=")(column, value, bind);
  return `(${than("@>")(column, value, bind)} and ${than("<@")(column, value, bind)})`;
};

const differs: Comparison = (column, value, bind) =>
  value === null ? `${column.sql} is not null` : `not ${equals(column, value, bind)}`;

const among =
  (operator: string, ofNone: string): Comparison =>
  ({ sql, toDriver }, values, bind) => {
    const given = (values as unknown[]).map((value) => bind(toDriver(value)));
    return given.length === 0 ? ofNone : `${sql} ${operator} (${given.join(", ")})`;
  };

const has =
  (negation: string): Comparison =>
  (column, value, bind) =>
    `${negation}${than("@>")(column, [value], bind)}`;

const like =
  (operator: string, [before, after]: readonly [string, string]): Comparison =>
  ({ sql, isHex }, value, bind) => {
    const text = isHex ? (value as string).toLowerCase() : (value as string);
    return `${sql} ${operator} ${bind(`${before}${text}${after}`)}`;
  };

const PATTERNS = { contains: ["%", "%"], starts_with: ["", "%"], ends_with: ["%", ""] } as const;
/** With what their names have before and behind that of the pattern. */
const LIKE = {
  like: ["", ""],
  "not like": ["not_", ""],
  ilike: ["", "_nocase"],
  "not ilike": ["not_", "_nocase"],
} as const;

/** By what stands behind the column's name. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "": equals,
  _not: differs,
  _in: among("in", "false"),
  _not_in: among("not in", "true"),
  _has: has(""),
  _not_has: has("not "),
  _gt: than(">"),
  _gte: than(">="),
  _lt: than("<"),
  _lte: than("<="),
  ...Object.fromEntries(
    Object.entries(PATTERNS).flatMap(([name, around]) =>
      Object.entries(LIKE).map(([operator, [before, after]]) => [
        `_${before}${name}${after}`,
        like(operator, around),
      ]),
    ),
  ),
};
