/** An event that was told: where it stands, and the beginning of its block's hash. */
export interface Anchor {
  block: bigint;
  logIndex: number;
  hash: string;
}

/** The digits of a block's hash that a cursor keeps, after `0x`: enough to tell a block from its replacement. */
export const HASH_DIGITS = 8;
/** How far back a cursor remembers: further than any replacement of blocks that Ponder follows. */
const FAR = 256n;
/** Of neighbours in a cursor every second is at least so many times as far back as the first. */
const GROWTH = 4n;
const MOST_ANCHORS = 12;

const ONE_ANCHOR = `\\d{1,15}\\.\\d{1,9}\\.[0-9a-f]{${HASH_DIGITS}}`;
const CURSOR = new RegExp(`^${ONE_ANCHOR}(_${ONE_ANCHOR}){0,${MOST_ANCHORS - 1}}$`);

/**
 * What a consumer was told last, and a few older events at growing distances: if blocks were replaced meanwhile, the
 * newest that still stands is where the consumer has to go on. So nobody has to remember the consumer.
 */
export type Cursor = readonly Anchor[];

/** The cursor after one more event: the further back, the fewer are kept. */
export function advanced(cursor: Cursor, newest: Anchor): Cursor {
  const older = cursor.filter(({ block }) => block < newest.block);
  const distance = (anchor: Anchor | undefined) => (anchor ? newest.block - anchor.block : 1n);
  const kept: Anchor[] = [];
  for (const [i, anchor] of older.entries()) {
    const next = older[i + 1];
    const isNeeded = next === undefined || distance(next) > GROWTH * distance(kept.at(-1));
    if (isNeeded) kept.push(anchor);
    if (isNeeded && distance(anchor) >= FAR) break;
  }
  return [newest, ...kept];
}

/** A cursor as the id of an event. Block 0 has no events, so it stands for the time before all of them. */
export const written = (cursor: Cursor): string =>
  cursor.map(({ block, logIndex, hash }) => `${block}.${logIndex}.${hash}`).join("_") || "0";

/** The cursor that an id stands for; nothing if it is not one of ours. */
export function parseCursor(text: string): Cursor | undefined {
  if (!CURSOR.test(text)) return undefined;
  return text.split("_").map((anchor) => {
    const [block, logIndex, hash] = anchor.split(".") as [string, string, string];
    return { block: BigInt(block), logIndex: Number(logIndex), hash };
  });
}
