import superjson from "superjson";

import type { Row } from "../batch.js";
import type { QuickColumn } from "./table.js";

/** Where a row stands in an order, written as Ponder writes it: either of us goes on where the other ended. */
export function cursorOf(order: readonly QuickColumn[], row: Row): string {
  return textOf(
    order,
    order.map(({ name, fromDriver }) => fromDriver(row[name])),
  );
}

const textOf = (order: readonly QuickColumn[], values: readonly unknown[]): string =>
  Buffer.from(
    superjson.stringify(Object.fromEntries(order.map(({ name }, i) => [name, values[i]]))),
  ).toString("base64");

/**
 * The values of the columns that an order goes along; nothing if the cursor is not one of this order. Another writing of the
 * same would lead to the row that it stands at instead of the next: it is recognised by its text.
 */
export function valuesOf(order: readonly QuickColumn[], cursor: string): unknown[] | undefined {
  let found: Row;
  try {
    found = superjson.parse<Row>(Buffer.from(cursor, "base64").toString());
  } catch {
    return undefined;
  }
  const values = order.map(({ name }) => found?.[name]);
  return values.every((value, i) => mayBe(order[i]!, value)) && textOf(order, values) === cursor
    ? values
    : undefined;
}

/** Whether a row can have this value: one that was read from it, in the writing that it has there. */
function mayBe({ kind, isList, isNullable, toDriver }: QuickColumn, value: unknown): boolean {
  if (value === null) return isNullable;
  if (isList) return Array.isArray(value) && value.every((part) => kind.fits(part));
  return kind.fits(value) && (typeof value !== "string" || toDriver(value) === value);
}
