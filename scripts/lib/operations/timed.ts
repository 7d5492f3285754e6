import { Fault } from "../../../deploy/fault.js";
import { entryOf, type Change } from "./state-diff.js";

/** A value of storage, or how to work it out from the time at which a step is executed. */
export type TimedValue = string | { readonly timeOf: string; readonly plusSeconds: number };

/** A change as it is foretold. */
export interface ExpectedChange extends Omit<Change, "before" | "after"> {
  readonly before: TimedValue;
  readonly after: TimedValue;
}

/** Unix seconds at which each step was executed, by its id. */
export type Times = Readonly<Record<string, number>>;

/** What came of the same step at some times. */
export interface Run {
  readonly changes: readonly Change[];
  readonly times: Times;
}

/**
 * What a step changes whenever it is executed, from two runs at different times.
 *
 * @throws {@link Fault} if the runs differ by more than a time can explain.
 */
export function markTimes(one: Run, other: Run): ExpectedChange[] {
  if (one.changes.map(entryOf).join() !== other.changes.map(entryOf).join()) {
    throw new Fault("What it changes depends on when it is executed, so it cannot be foretold:", {
      details: [one, other].map(({ changes }) => changes.map(entryOf).join(", ")),
    });
  }
  return one.changes.map((change, i) => {
    const mark = (side: "before" | "after") => {
      const [value, laterValue] = [change[side], other.changes[i]![side]];
      if (value === laterValue) return value;
      for (const [step, time] of Object.entries(one.times)) {
        const plusSeconds = Number(value) - time;
        if (plusSeconds === Number(laterValue) - other.times[step]!) return { timeOf: step, plusSeconds };
      }
      throw new Fault(
        `${entryOf(change)} is ${value} or ${laterValue}, depending on when it is executed, but is no time after a step.`,
      );
    };
    return { ...change, before: mark("before"), after: mark("after") };
  });
}

/** Compares what was foretold with what happened. One sentence a difference; empty if there is none. */
export function findSurprises(expected: readonly ExpectedChange[], { changes, times }: Run): string[] {
  const found = new Map(changes.map((change) => [keyOf(change), change]));
  const surprises = expected.flatMap((change) => {
    const actual = found.get(keyOf(change));
    found.delete(keyOf(change));
    const [before, after] = [valueAt(change.before, times), valueAt(change.after, times)];
    if (actual === undefined)
      return `${entryOf(change)} should change from ${before} to ${after}, but does not.`;
    if (actual.before === before && actual.after === after) return [];
    return (
      `${entryOf(change)} should change from ${before} to ${after}, ` +
      `but changes from ${actual.before} to ${actual.after}.`
    );
  });
  const unexpected = [...found.values()].map(
    (change) =>
      `${entryOf(change)} changes from ${change.before} to ${change.after}, which was not foretold.`,
  );
  return [...surprises, ...unexpected];
}

const keyOf = (change: Pick<Change, "address" | "slot" | "name">) =>
  [change.address, change.slot, change.name].join();

/** What the value is if the steps are executed at these times. */
export function valueAt(value: TimedValue, times: Times): string {
  if (typeof value === "string") return value;
  const time = times[value.timeOf];
  return time === undefined
    ? `${value.plusSeconds} s after ${value.timeOf}`
    : String(time + value.plusSeconds);
}
