import { formatDuration, formatTime } from "../operations/units.js";
import type { Sample } from "./samples.js";

/** How many of the latest samples count for the rate. */
const COUNTED = 1_000;
/** The gate is shut from one mismatch in so many samples on: 0.5 %. */
const ONE_IN = 200;
/** Seconds that have to be clean, and how far apart the samples in them may be. */
const WINDOW = 86_400;
const LARGEST_GAP = 3_600;
/** Clocks differ by a little. */
const CLOCK_SKEW = 60;

export interface Verdict {
  readonly open: boolean;
  /** Why it is shut; whole sentences. */
  readonly reasons: readonly string[];
  /** Of the latest samples that count. */
  readonly samples: number;
  readonly mismatches: number;
}

/**
 * Whether what was only observed may be enforced: the read model disagreed with the chain in fewer than 0.5 % of the last
 * 1,000 samples, and in none of the last 24 hours, in which no hour went by without a sample.
 *
 * @param all Oldest first.
 * @param now Unix seconds.
 */
export function judge(all: readonly Sample[], now: number): Verdict {
  const latest = distinct(all).slice(-COUNTED);
  const mismatches = latest.filter(({ matched }) => !matched).length;
  const reasons = [
    ...(latest.length < COUNTED
      ? [`There are ${latest.length} of the ${COUNTED} samples that it takes.`]
      : []),
    ...(mismatches * ONE_IN >= COUNTED
      ? [
          `${mismatches} of the last ${latest.length} samples did not match: ` +
            `${((100 * mismatches) / COUNTED).toFixed(1)} %, and it takes less than 0.5 %.`,
        ]
      : []),
    ...findDisorder(all, now),
    ...findDirt(all, now),
  ];
  return { open: reasons.length === 0, reasons, samples: latest.length, mismatches };
}

/** What may open the gate, oldest first: the latest samples and those of the last 24 hours, as far as they matched. */
export function openers(all: readonly Sample[], now: number): Sample[] {
  const latest = new Set(distinct(all).slice(-COUNTED));
  return all.filter((sample) => sample.matched && (latest.has(sample) || sample.at >= now - WINDOW));
}

/** The same payment at the same block is seen once, however often it is written down; what did not match counts each time. */
function distinct(all: readonly Sample[]): Sample[] {
  const seen = new Set<string>();
  return all.filter(({ paymentId, block, matched }) => {
    const key = `${paymentId}/${block}`;
    if (matched && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Times that no honest clock wrote: without them, nobody knows what the last 24 hours were. */
function findDisorder(all: readonly Sample[], now: number): string[] {
  const future = all.filter(({ at }) => at > now + CLOCK_SKEW).length;
  const backwards = all.filter(({ at }, i) => i > 0 && at < all[i - 1]!.at - CLOCK_SKEW).length;
  return [
    ...(future > 0 ? [`${future} samples are of the future.`] : []),
    ...(backwards > 0 ? [`${backwards} samples are older than the one before them.`] : []),
  ];
}

/** What is wrong with the window that has to be clean. */
function findDirt(all: readonly Sample[], now: number): string[] {
  const start = now - WINDOW;
  const inside = all.filter(({ at }) => at >= start && at <= now + CLOCK_SKEW);
  const bad = inside.filter(({ matched }) => !matched);
  const before = all.findLast(({ at }) => at < start);
  // The window has to be covered to its edges: by what was there before it, and until now.
  const times = [...(before ? [before.at] : []), ...inside.map(({ at }) => at)].sort(
    (one, other) => one - other,
  );
  const [first] = times;
  const gap = [...times, now].find((time, i) => i > 0 && time - times[i - 1]! > LARGEST_GAP);
  return [
    ...(bad.length > 0
      ? [
          `${bad.length} samples of the last 24 hours did not match, the last one at ${formatTime(bad.at(-1)!.at)}.`,
        ]
      : []),
    ...(first === undefined || first > start
      ? ["The last 24 hours are not covered: the samples begin later."]
      : []),
    ...(gap === undefined
      ? []
      : [`Up to ${formatTime(gap)}, more than ${formatDuration(LARGEST_GAP)} went by without a sample.`]),
  ];
}
