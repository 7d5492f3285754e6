import { isDeepStrictEqual } from "node:util";

import type { Row } from "../batch.js";
import type { Asked } from "./asked.js";
import { cursorOf } from "./cursor.js";

/** The page that somebody asked for, out of the rows that were read for it. */
export function pageOf({ limit, offset, order, cursor, isBefore }: Asked, rows: Row[]) {
  const [first] = rows;
  const startsAtCursor =
    cursor !== undefined &&
    first !== undefined &&
    order.every(({ name, fromDriver }, i) => isDeepStrictEqual(fromDriver(first[name]), cursor[i]));
  const items = rows.slice(startsAtCursor ? 1 : 0).slice(0, limit);
  const hasMore = rows.length > items.length + (startsAtCursor ? 1 : 0);
  if (isBefore) items.reverse();
  const cursorAt = (row: Row | undefined) => (row ? cursorOf(order, row) : null);
  return {
    items,
    pageInfo: {
      hasNextPage: isBefore ? startsAtCursor : hasMore,
      hasPreviousPage: isBefore ? hasMore : startsAtCursor || offset > 0,
      // Written only for those who read them.
      get startCursor() {
        return cursorAt(items[0]);
      },
      get endCursor() {
        return cursorAt(items.at(-1));
      },
    },
  };
}
