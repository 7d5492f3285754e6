import type { Address, Hex } from "viem";

import { objection, shown } from "../objection.js";

const MOST_ROWS = 200;
const HOURS_OF_TEN_YEARS = 87_660;
/** What a column of amounts, times and blocks can be compared with. */
const MOST = 2n ** 256n - 1n;

export function address(value: string, name: string): Address {
  if (!/^0x[0-9a-f]{40}$/i.test(value)) {
    throw objection(`\`${name}\` is ${shown(value)}: give an address, 0x and 40 hexadecimal digits.`);
  }
  return value.toLowerCase() as Address;
}

export function bytes32(value: string, name: string): Hex {
  if (!/^0x[0-9a-f]{64}$/i.test(value)) {
    throw objection(`\`${name}\` is ${shown(value)}: give 32 bytes, 0x and 64 hexadecimal digits.`);
  }
  return value.toLowerCase() as Hex;
}

export function natural(value: bigint, name: string): bigint {
  if (value < 0n || value > MOST) throw objection(`\`${name}\` is ${shown(String(value))}: give 0 or more.`);
  return value;
}

export function hours(value: number): number {
  if (value < 1 || value > HOURS_OF_TEN_YEARS) {
    throw objection(`\`withinHours\` is ${value}: give 1 to ${HOURS_OF_TEN_YEARS}.`);
  }
  return value;
}

export function pageSize(first: number | null | undefined): number {
  const size = first ?? 50;
  if (size < 1 || size > MOST_ROWS) {
    throw objection(`\`first\` is ${size}: give 1 to ${MOST_ROWS}, and page on with \`after\`.`);
  }
  return size;
}

const CURSORS = {
  payment: /^(\d{1,20})\.(0x[0-9a-f]{64})$/,
  entry: /^(\d{1,20})\.(\d{1,9})\.(\d{1,9})$/,
  line: /^(\d{1,9})$/,
} as const;

/** The parts of a cursor, which an earlier page gave as `endCursor`. */
export function position(after: string | null | undefined, kind: keyof typeof CURSORS): string[] | undefined {
  if (after === null || after === undefined) return undefined;
  const parts = CURSORS[kind].exec(after);
  if (!parts) throw objection(`\`after\` is ${shown(after)}: give the \`endCursor\` of an earlier page.`);
  return parts.slice(1);
}

/** A page out of one row more than it has. */
export function page<Row>(rows: Row[], size: number, cursorOf: (row: Row) => string) {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items,
    pageInfo: { hasNextPage: rows.length > size, endCursor: last === undefined ? null : cursorOf(last) },
  };
}
