import { fileURLToPath } from "node:url";

import { startIndexer, type Indexer, type IndexerOptions } from "../../../scripts/lib/indexer.js";
import { freePort } from "../../../scripts/lib/processes.js";
import { sum } from "../figures.js";
import { usageOf } from "../machine.js";
import type { PaymentChain } from "../payments/chain.js";
import type { Database } from "./databases.js";
import { scrape, type Samples } from "./samples.js";

export type App = "ours" | "minimal";

const MINIMAL = fileURLToPath(new URL("../../minimal", import.meta.url));
const BACKFILL_IS_OVER = "Completed backfill indexing across all chains";
const INDEXES_ARE_MADE = "Created database indexes";

/** What a backfill took. */
export interface Backfill {
  readonly app: App;
  /** Events of the payments. */
  readonly events: number;
  /** From the first request to the chain to the last row written; without starting, and without making indexes. */
  readonly seconds: number;
  readonly indexesSeconds: number;
  /** From the start of the process until it answers for the newest block. */
  readonly readySeconds: number;
  readonly cpuSeconds: number;
  readonly peakMemoryMiB: number;
  /** Where the seconds went, in percent. */
  readonly shares: Record<"rpc" | "handlers" | "writes" | "other", number>;
}

/** Starts an indexer on the chain, and waits until it has caught up. */
export const startIndexing = async (
  chain: PaymentChain,
  database: Database,
  more: Partial<IndexerOptions> = {},
): Promise<Indexer> =>
  startIndexer({
    recordsDir: chain.recordsDir,
    rpcUrls: { [chain.chainId]: chain.url },
    port: await freePort(),
    timeoutSeconds: 3_600,
    // Each look is a query, which PGlite answers between two writes.
    lookEveryMs: 500,
    ...more,
    ...database.options,
  });

/** Indexes the whole chain into an empty database. */
export async function backfill(chain: PaymentChain, database: Database, app: App): Promise<Backfill> {
  const lines: { msg: string; duration?: number }[] = [];
  const indexer = await startIndexing(chain, database, {
    root: app === "minimal" ? MINIMAL : undefined,
    args: ["--log-format", "json"],
    onLog: (line) => {
      if (line.startsWith("{")) lines.push(JSON.parse(line) as (typeof lines)[number]);
    },
  });
  try {
    const usage = await usageOf(indexer.pid);
    const samples = await scrape(indexer.url);
    const durationOf = (message: string) =>
      sum(lines.filter(({ msg }) => msg === message).map(({ duration = 0 }) => duration)) / 1_000;
    const figures = {
      app,
      events: paymentEventsOf(samples),
      seconds: durationOf(BACKFILL_IS_OVER),
      indexesSeconds: durationOf(INDEXES_ARE_MADE),
      readySeconds: indexer.readyAfterMs / 1_000,
      ...usage,
      shares: sharesOf(samples),
    };
    if (figures.seconds === 0) throw new Error(`Ponder did not say "${BACKFILL_IS_OVER}".`);
    return figures;
  } finally {
    await indexer.stop();
  }
}

/** Of the escrow alone, and of payments alone: those that the minimal app handles. */
const paymentEventsOf = (samples: Samples) =>
  sum(
    samples
      .filter(({ name }) => name === "ponder_indexing_completed_events")
      .filter(({ labels }) => /^Escrow:(Payment|Dispute|Payout)/.test(labels.event ?? ""))
      .map(({ value }) => value),
  );

/**
 * Ponder's own clocks. While handlers run, the next blocks are fetched; `rpc` is how long the handlers had to wait for
 * them, so what was asked of the chain, stored, decoded and ordered, but not what that cost while they were busy.
 */
function sharesOf(samples: Samples): Backfill["shares"] {
  const clock = (name: string, labels: Record<string, string>) =>
    sum(
      samples
        .filter((it) => it.name === `ponder_historical_${name}_duration`)
        .filter((it) => Object.entries(labels).every(([label, value]) => it.labels[label] === value))
        .map(({ value }) => value),
    );
  const step = (name: string) => clock("transform", { step: name });
  const [rpc, transform] = ["extract", "transform"].map((group) => clock("concurrency_group", { group })) as [
    number,
    number,
  ];
  const handlers = step("index");
  const writes = step("load") + step("finalize") + step("commit");
  const percent = (ms: number) => Math.round((ms / (rpc + transform)) * 100);
  return {
    rpc: percent(rpc),
    handlers: percent(handlers),
    writes: percent(writes),
    other: percent(transform - handlers - writes),
  };
}
