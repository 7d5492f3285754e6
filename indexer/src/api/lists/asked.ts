import type { Filter } from "./filter.js";
import { isDescending, orderOf, positionOf, refuseFilter, refuseRange } from "./refused.js";
import type { QuickColumn, QuickTable } from "./table.js";

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

/** A page of a list. */
export interface Asked {
  readonly where: Filter;
  /** Always down to the key, so that no two rows are alike. */
  readonly order: readonly QuickColumn[];
  /** As the rows are read: from the cursor on, also where the page comes before it. */
  readonly descending: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Where the row that the page does not reach stands in the order. */
  readonly cursor?: readonly unknown[];
  /** Whether the page comes before the cursor. */
  readonly isBefore: boolean;
}

const DEFAULT_LIMIT = 50;

/** What is asked for, if the arguments are in order. */
export function askedOf(table: QuickTable, args: Arguments): Asked {
  const { where = {}, orderBy } = args;
  const limit = args.limit ?? DEFAULT_LIMIT;
  refuseRange(args, limit);
  refuseFilter(table, where, "where");
  const order = orderOf(table, orderBy);
  const after = positionOf("after", args.after, order);
  const before = positionOf("before", args.before, order);
  const cursor = before ?? after;
  const isBefore = before !== undefined;
  return {
    ...{ where, order, limit, isBefore, offset: args.offset ?? 0 },
    descending: isDescending(args) !== isBefore,
    ...(cursor && { cursor }),
  };
}
