import type { Row } from "../batch.js";
import type { Asked } from "./asked.js";
import { cursorOf } from "./cursor.js";

/** The page that somebody asked for, out of the rows that were read for it. */
export function pageOf({ limit, order, after }: Asked, rows: Row[]) {
  const [first] = rows;
  const startsAtCursor =
    after !== undefined &&
    first !== undefined &&
    order.every(({ name, fromDriver }, i) => fromDriver(first[name]) === after[i]);
  const items = rows.slice(startsAtCursor ? 1 : 0).slice(0, limit);
  const cursorAt = (row: Row | undefined) => (row ? cursorOf(order, row) : null);
  return {
    items,
    pageInfo: {
      hasNextPage: rows.length > items.length + (startsAtCursor ? 1 : 0),
      hasPreviousPage: startsAtCursor,
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
