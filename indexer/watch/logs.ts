import prometheus, { type Registry } from "prom-client";

import { concealed } from "./conceal.js";

const levels = ["error", "warn", "info", "debug", "trace"] as const;
const countedLevels = ["error", "warn"] as const;

export type LogRecord = { msg: string } & Record<string, unknown>;

/** Is told every record, also those that are not shown. */
export type LogListener = (level: (typeof levels)[number], record: LogRecord) => void;

/** The part of Ponder's logger that is used here. */
export type Logger = Record<(typeof levels)[number], (record: LogRecord, printKeys?: string[]) => void> & {
  child(bindings: Record<string, unknown>): Logger;
};

export interface WatchedLogs {
  /** The least urgent level that is shown. */
  level: (typeof levels)[number];
  chains: { name: string }[];
  /** Lower-case addresses that may be shown. */
  contracts: ReadonlySet<string>;
  registry: Registry;
  listener?: LogListener;
}

/** How Postgres and PGlite say that there is no room left. */
export const DISK_FULL = /no space left|could not (?:extend|write|create)(?: \w+)* file|disk full|ENOSPC/i;

const watched = new WeakSet<Logger>();

/**
 * Makes a logger conceal what does not belong into a log, and counts what it is told. Ponder exports no metric of
 * reorgs, but says each in a debug record, which is told even if it is not shown. A test says so if that ends.
 */
export function watchLogs(
  logger: Logger,
  { level: lowest, chains, contracts, registry, listener }: WatchedLogs,
): void {
  const observe = observer(chains, registry);
  const shown = levels.slice(0, levels.indexOf(lowest) + 1);
  const watch = (it: Logger): void => {
    if (watched.has(it)) return;
    watched.add(it);
    for (const level of levels) {
      const write = it[level].bind(it);
      it[level] = (record, printKeys) => {
        observe(level, record);
        if (shown.includes(level)) write(concealed(record, contracts) as LogRecord, printKeys);
        listener?.(level, record);
      };
    }
    const child = it.child.bind(it);
    it.child = (bindings) => {
      const born = child(bindings);
      watch(born);
      return born;
    };
  };
  watch(logger);
}

function observer(chains: { name: string }[], registry: Registry) {
  const registers = [registry];
  const lines = new prometheus.Counter({
    name: "holdfast_log_lines_total",
    help: "Warnings and errors logged.",
    labelNames: ["level"] as const,
    registers,
  });
  const depth = new prometheus.Histogram({
    name: "holdfast_reorg_depth_blocks",
    help: "Blocks that each reorganisation of a chain took back; its count is that of reorganisations.",
    labelNames: ["chain"] as const,
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const unrecoverable = new prometheus.Counter({
    name: "holdfast_unrecoverable_reorgs_total",
    help: "Reorganisations that went deeper than finality, or seemed to at an endpoint that is far behind.",
    labelNames: ["chain"] as const,
    registers,
  });
  const full = new prometheus.Counter({
    name: "holdfast_database_full_total",
    help: "Warnings and errors that say that the database's disk is full.",
    registers,
  });
  for (const level of countedLevels) lines.inc({ level }, 0);
  for (const { name } of chains) {
    depth.zero({ chain: name });
    unrecoverable.inc({ chain: name }, 0);
  }
  return (level: (typeof levels)[number], record: LogRecord) => {
    if (level === "error" || level === "warn") {
      lines.inc({ level });
      if (record.error instanceof Error && DISK_FULL.test(saidBy(record.error))) full.inc();
    }
    const chain = String(record.chain);
    if (record.msg === "Reconciled reorg in local chain")
      depth.observe({ chain }, Number(record.reorg_depth));
    if (record.msg === "Encountered unrecoverable reorg") unrecoverable.inc({ chain });
  };
}

const saidBy = ({ message, cause }: Error) => `${message} ${cause instanceof Error ? cause.message : ""}`;
