import type { Model } from "./model.js";
import { keyOf, type Scratch } from "./scratch.js";

/* eslint-disable @typescript-eslint/require-await -- what these throw is what their promises reject with */

type Row = Record<string, unknown>;
type Change = Row | ((before: Row) => Row);

const applied = (change: Change, before: Row): Row => ({
  ...before,
  ...(typeof change === "function" ? change({ ...before }) : change),
});

/** What handlers know as `context.db`, on the rows that a replay makes. */
export function storeOn(scratch: Scratch, { tableOf }: Model) {
  const insertAll = async (
    given: unknown,
    values: Row | Row[],
    onConflict?: (before: Row) => Row | undefined,
  ) => {
    const table = tableOf(given);
    for (const row of [values].flat()) {
      const key = keyOf(table, row);
      const before = scratch.get(table, key);
      if (before !== undefined && onConflict === undefined) {
        throw new Error(`The events make the row ${key} of ${table.name} twice.`);
      }
      const after = before === undefined ? { ...row } : onConflict!(before);
      if (after !== undefined) scratch.put(table, key, after);
    }
  };

  return {
    insert: (given: unknown) => ({
      values: (values: Row | Row[]) => ({
        onConflictDoNothing: () => insertAll(given, values, () => undefined),
        onConflictDoUpdate: (change: Change) => insertAll(given, values, (before) => applied(change, before)),
        // Awaited without a word about conflicts: there must be none.
        then: (...outcome: Parameters<Promise<void>["then"]>) => insertAll(given, values).then(...outcome),
      }),
    }),
    update: (given: unknown, key: Row) => ({
      set: async (change: Change) => {
        const table = tableOf(given);
        const found = keyOf(table, key);
        const before = scratch.get(table, found);
        if (before === undefined) throw new RecordNotFoundError(`${table.name} has no row ${found}.`);
        const after = applied(change, before);
        scratch.put(table, found, after);
        return after;
      },
    }),
    find: (given: unknown, key: Row) => {
      const table = tableOf(given);
      return Promise.resolve(scratch.get(table, keyOf(table, key)) ?? null);
    },
  };
}

/** Named as Ponder names it, because handlers tell it by that. */
class RecordNotFoundError extends Error {
  override name = "RecordNotFoundError";
}
