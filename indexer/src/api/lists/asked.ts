import type { GraphQLResolveInfo } from "graphql";

import { fieldsOf } from "./fields.js";
import {
  comparisonOf,
  isDescending,
  orderOf,
  positionOf,
  refuseFilter,
  refuseNullOfLists,
  refuseRange,
} from "./refused.js";
import type { QuickColumn, QuickTable } from "./table.js";

export type Condition = readonly [column: QuickColumn, comparison: Comparison, value: unknown];
type Comparison = (typeof COMPARISONS)[keyof typeof COMPARISONS] | "is null" | "is not null";

export type Filter = Readonly<Record<string, unknown>>;

/** What a generated list takes. */
export interface Arguments {
  where?: Filter | null;
  orderBy?: string | null;
  orderDirection?: string | null;
  before?: string | null;
  after?: string | null;
  limit?: number | null;
  offset?: number | null;
}

/** A list that is answered here. */
export interface Asked {
  readonly conditions: readonly Condition[];
  /** Always down to the key, so that no two rows are alike. */
  readonly order: readonly QuickColumn[];
  readonly descending: boolean;
  readonly limit: number;
  /** Where the last row of the page before stands in the order. */
  readonly after?: readonly unknown[];
}

const DEFAULT_LIMIT = 50;
const COMPARISONS = { "": "=", _gt: ">", _gte: ">=", _lt: "<", _lte: "<=" } as const;

/**
 * What is asked for, or nothing if the generated answer must be given. That one relies on it that the arguments are in
 * order: it fails on some that are not, and reads whole tables for others.
 */
export function askedOf(table: QuickTable, args: Arguments, info: GraphQLResolveInfo): Asked | undefined {
  const { where = {}, orderBy, offset } = args;
  const limit = args.limit ?? DEFAULT_LIMIT;
  refuseRange(args, limit);
  refuseFilter(table, where, "where");
  const order = orderOf(table, orderBy);
  const descending = isDescending(args);
  const after = positionOf("after", args.after, order);
  const before = positionOf("before", args.before, order);

  const isGenerated =
    before !== undefined ||
    Boolean(offset) ||
    fieldsOf(info).has("totalCount") ||
    // Ponder finds nothing behind an empty value, and compares lists in a way of its own.
    after?.some((value) => typeof value === "object");
  const conditions = isGenerated ? undefined : conditionsOf(table, where);
  if (conditions) return { conditions, order, descending, limit, ...(after && { after }) };
  refuseNullOfLists(table, where);
  return undefined;
}

function conditionsOf(table: QuickTable, where: Filter): Condition[] | undefined {
  const conditions: Condition[] = [];
  for (const [key, value] of Object.entries(where)) {
    const [name, suffix] = comparisonOf(key);
    const column = table.byName.get(name);
    const comparison = COMPARISONS[suffix as keyof typeof COMPARISONS] as Comparison | undefined;
    if (column && value === null && (suffix === "" || suffix === "_not")) {
      conditions.push([column, suffix === "" ? "is null" : "is not null", value]);
      continue;
    }
    if (!column || column.isList || !comparison || value === null) return undefined;
    conditions.push([column, comparison, value]);
  }
  return conditions;
}
