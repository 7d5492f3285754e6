import { Kind, type GraphQLResolveInfo } from "graphql";

import { valuesOf } from "./cursor.js";
import type { QuickColumn, QuickTable } from "./table.js";

export type Condition = readonly [column: QuickColumn, comparison: Comparison, value: unknown];
type Comparison = (typeof COMPARISONS)[keyof typeof COMPARISONS] | "is null";

/** What a generated list takes. */
export interface Arguments {
  where?: Readonly<Record<string, unknown>> | null;
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
  /** The last row of the page before. */
  readonly after?: { readonly cursor: string; readonly values: readonly unknown[] };
}

const DEFAULT_LIMIT = 50;
const MOST_ROWS = 1_000;
const COMPARISONS = { "": "=", _gt: ">", _gte: ">=", _lt: "<", _lte: "<=" } as const;

/** What is asked for, or nothing if the generated answer must be given: it also has the words for what is wrong. */
export function askedOf(table: QuickTable, args: Arguments, info: GraphQLResolveInfo): Asked | undefined {
  const { where = {}, orderBy, orderDirection = "asc", after, before, offset } = args;
  const limit = args.limit ?? DEFAULT_LIMIT;
  if (before || offset || limit < 0 || limit > MOST_ROWS || asksForCount(info)) return undefined;
  if (orderDirection !== "asc" && orderDirection !== "desc") return undefined;

  const conditions = conditionsOf(table, where);
  const order = orderOf(table, orderBy);
  if (!conditions || !order) return undefined;
  const asked = { conditions, order, descending: orderDirection === "desc", limit };
  if (after === undefined || after === null) return asked;
  const values = valuesOf(order, after);
  return values && { ...asked, after: { cursor: after, values } };
}

function conditionsOf(table: QuickTable, where: Arguments["where"]): Condition[] | undefined {
  if (where === null) return undefined;
  const conditions: Condition[] = [];
  for (const [key, value] of Object.entries(where!)) {
    const [, name, suffix] = /^([^_]*)(.*)$/.exec(key)!;
    const column = table.byName.get(name!);
    const comparison = COMPARISONS[suffix as keyof typeof COMPARISONS] as Comparison | undefined;
    if (column && suffix === "" && value === null) {
      conditions.push([column, "is null", value]);
      continue;
    }
    if (!column || column.isList || !comparison || value === null) return undefined;
    conditions.push([column, comparison, value]);
  }
  return conditions;
}

function orderOf({ byName, key }: QuickTable, orderBy: Arguments["orderBy"]): QuickColumn[] | undefined {
  if (orderBy === undefined) return [...key];
  const first = byName.get(orderBy ?? "");
  return first && [first, ...key.filter((column) => column !== first)];
}

/** A count is a statement of its own. */
const asksForCount = ({ fieldNodes }: GraphQLResolveInfo): boolean =>
  fieldNodes.some(({ selectionSet }) =>
    selectionSet?.selections.some(
      (selection) => selection.kind === Kind.FIELD && selection.name.value === "totalCount",
    ),
  );
