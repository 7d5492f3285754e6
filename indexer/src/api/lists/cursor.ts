import superjson from "superjson";

import type { Row } from "../batch.js";
import type { QuickColumn } from "./table.js";

/** Where a row stands in an order, written as Ponder writes it: either of us goes on where the other ended. */
export function cursorOf(order: readonly QuickColumn[], row: Row): string {
  const values = Object.fromEntries(order.map(({ name, fromDriver }) => [name, fromDriver(row[name])]));
  return Buffer.from(superjson.stringify(values)).toString("base64");
}

/** The values of the columns that an order goes along; nothing if the cursor is not one of this order. */
export function valuesOf(order: readonly QuickColumn[], cursor: string): unknown[] | undefined {
  let found: Row;
  try {
    found = superjson.parse<Row>(Buffer.from(cursor, "base64").toString());
  } catch {
    return undefined;
  }
  const values = order.map(({ name }) => found?.[name]);
  const isPlain = (value: unknown) => ["string", "number", "bigint", "boolean"].includes(typeof value);
  return values.every(isPlain) ? values : undefined;
}
