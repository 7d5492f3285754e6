import Table from "cli-table3";

import { mean, percentile, rounded, sum } from "../figures.js";
import type { Backfill } from "./backfill.js";
import { DATABASES, type DatabaseName } from "./databases.js";

/** What was measured on one database. */
export interface Measured {
  /** Ours on a tenth of the payments, the minimal app and ours on all of them, in the order that they ran. */
  readonly small: readonly Backfill[];
  readonly minimal: readonly Backfill[];
  readonly ours: readonly Backfill[];
  /** Milliseconds until a new block was visible. */
  readonly visible: readonly number[];
}

export type Figures = ReturnType<typeof figuresOf>;

const secondsPerEvent = (runs: readonly Backfill[]) =>
  sum(runs.map(({ seconds }) => seconds)) / sum(runs.map(({ events }) => events));
const eventsPerSecond = (runs: readonly Backfill[]) => Math.round(1 / secondsPerEvent(runs));
const microsecondsPerEvent = (runs: readonly Backfill[]) => rounded(secondsPerEvent(runs) * 1e6);
const peakMemory = (runs: readonly Backfill[]) => Math.max(...runs.map(({ peakMemoryMiB }) => peakMemoryMiB));

/** The figures of one database as results have them. */
export const figuresOf = ({ small, minimal, ours, visible }: Measured) => ({
  eventsPerSecond: eventsPerSecond(ours),
  peakMemoryMiB: peakMemory(ours),
  ratioToMinimal: rounded(secondsPerEvent(minimal) / secondsPerEvent(ours)),
  minimal: { eventsPerSecond: eventsPerSecond(minimal), peakMemoryMiB: peakMemory(minimal) },
  percentOfTime: ours.at(-1)!.shares,
  indexesSeconds: rounded(mean(ours.map(({ indexesSeconds }) => indexesSeconds))),
  secondsUntilReady: rounded(mean(ours.map(({ readySeconds }) => readySeconds))),
  microsecondsPerEvent: {
    tenth: microsecondsPerEvent(small),
    all: microsecondsPerEvent(ours),
    growth: rounded(secondsPerEvent(ours) / secondsPerEvent(small)),
  },
  visibleAfterMs: {
    p50: Math.round(percentile(visible, 0.5)),
    p95: Math.round(percentile(visible, 0.95)),
  },
  runs: [...small, ...minimal, ...ours].map((run) => ({
    ...run,
    seconds: rounded(run.seconds),
    indexesSeconds: rounded(run.indexesSeconds),
    readySeconds: rounded(run.readySeconds),
  })),
});

/** The figures as people read them. */
export function tableOf(figures: Readonly<Record<DatabaseName, Figures>>): string {
  const table = new Table({ head: ["", ...DATABASES], style: { compact: true, head: [], border: [] } });
  const rows: [title: string, of: (figures: Figures) => string | number][] = [
    ["events a second", (it) => it.eventsPerSecond],
    ["of the minimal app's", (it) => it.ratioToMinimal],
    ["peak memory in MiB", (it) => it.peakMemoryMiB],
    ["an event's cost against a tenth of the payments", (it) => it.microsecondsPerEvent.growth],
    ["% waiting for the chain", (it) => it.percentOfTime.rpc],
    ["% in handlers", (it) => it.percentOfTime.handlers],
    ["% writing", (it) => it.percentOfTime.writes],
    ["visible after ms, p50 / p95", ({ visibleAfterMs: { p50, p95 } }) => `${p50} / ${p95}`],
  ];
  for (const [title, of] of rows) table.push([title, ...DATABASES.map((name) => of(figures[name]))]);
  return table.toString();
}
