import type { PlainRow } from "./kinds.js";
import type { Table } from "./model.js";
import type { Filter } from "./request.js";
import type { Scratch } from "./scratch.js";

/** Which rows are compared. */
export interface Scope {
  readonly paymentId?: string;
  readonly compares: (table: Table) => boolean;
  readonly contains: (table: Table, row: PlainRow) => boolean;
  /** Whether nothing that was asked about so far is what the filter names. */
  readonly metNothing: () => boolean;
}

/** Which rows a filter means: those about payments that it means, or that changed since then. */
export function scopeOf({ paymentId, token, since }: Filter, scratch: Scratch): Scope {
  const tokenOf = (table: Table, row: PlainRow): string | undefined => {
    if (typeof row.token === "string") return row.token;
    if (table.name === "token") return row.address as string;
    if (typeof row.paymentId !== "string") return undefined;
    return scratch.payment(row.paymentId)?.token as string | undefined;
  };
  const changedAt = (row: PlainRow) =>
    Number(
      row.updatedAt ??
        row.timestamp ??
        row.endedAt ??
        row.openedAt ??
        row.spentAt ??
        row.approvedAt ??
        Infinity,
    );
  let met = false;
  const contains = (table: Table, row: PlainRow) =>
    (paymentId === undefined || row.paymentId === paymentId) &&
    (token === undefined || tokenOf(table, row) === token) &&
    (since === undefined || changedAt(row) >= since);
  return {
    ...(paymentId !== undefined && { paymentId }),
    compares: (table) => paymentId === undefined || table.columns.some(({ name }) => name === "paymentId"),
    contains: (table, row) => {
      const isMeant = contains(table, row);
      // A row that does not tell when it changed is always looked at, and is no sign that anything did.
      met ||= isMeant && (since === undefined || changedAt(row) < Infinity);
      return isMeant;
    },
    metNothing: () => !met,
  };
}
