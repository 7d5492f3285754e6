import prometheus from "prom-client";

import {
  isFull,
  readReconciliations,
  type ReconciliationRecord,
} from "../../../../deploy/reconciliations.js";
import type { FinalBlock } from "../../../guard/finals.js";
import { indexedChains, type IndexedChain } from "../../../deployments.js";
import { ponderRegistry } from "../../../watch/index.js";
import { ChainWatch } from "./chain.js";
import { gauges, type Observation } from "./gauges.js";
import { EventCounter, readFinals, readIdentity, readTables, type ChainReading } from "./reading.js";

/** However often and by however many somebody scrapes, the database and the endpoints are asked this seldom. */
const FRESH_FOR_MS = 5_000;

/**
 * Adds the payments' metrics to Ponder's own, so that `/metrics` answers with both, on the writer and on every replica.
 * What cannot be read has no samples, and `holdfast_reading_failures_total` grows.
 */
export function addPaymentMetrics(): void {
  const registers = [ponderRegistry()];
  const failures = new prometheus.Counter({
    name: "holdfast_reading_failures_total",
    help: "Attempts to read metrics that failed, by where from.",
    labelNames: ["source"] as const,
    registers,
  });
  for (const source of ["database", "chain", "records"]) failures.inc({ source }, 0);
  const observe = sharedFor(
    FRESH_FOR_MS,
    observer((source) => failures.inc({ source })),
  );

  for (const { name, help, labels, samples } of gauges) {
    new prometheus.Gauge({
      name,
      help,
      labelNames: ["chain", ...labels],
      registers,
      async collect() {
        const observations = await observe();
        this.reset();
        for (const it of observations)
          for (const [found, value] of samples(it)) this.set({ chain: it.chain, ...found }, value);
      },
    });
  }
}

/** Reads tables, chains and records; calls `fail` instead of throwing. */
function observer(fail: (source: "database" | "chain" | "records") => void): () => Promise<Observation[]> {
  const chains = new Map(
    indexedChains(process.env).map((chain) => [
      chain.id,
      { known: knownTokens(chain), watch: new ChainWatch(chain) },
    ]),
  );
  const counter = new EventCounter();
  const observeChain = async (
    reading: ChainReading,
    index: string,
    final?: FinalBlock,
  ): Promise<Observation> => {
    const { known, watch } = chains.get(reading.chainId)!;
    const [events, look, reconciled] = await Promise.all([
      counter.count(reading),
      watch.look(),
      lastRun(reading.chainId, index).catch(() => void fail("records")),
    ]);
    const tokens = reading.tokens.map(({ address }) => address);
    const hasLeft = final && (await look.hasLeft(final));
    const balances = await look.balances(tokens, reading.indexedBlock);
    if (balances.size < tokens.length) fail("chain");
    return { ...reading, known, events, heads: look.heads, balances, hasLeft, reconciled };
  };
  return async () => {
    try {
      const readings = (await readTables()).filter(({ chainId }) => chains.has(chainId));
      const finals = new Map((await readFinals()).map((final) => [final.chainId, final]));
      const { index } = await readIdentity();
      return await Promise.all(
        readings.map((reading) => observeChain(reading, index, finals.get(reading.chainId))),
      );
    } catch {
      fail("database");
      return [];
    }
  };
}

/** The last that compared all of this very index: a look at a part, or at another, says nothing of it. */
const lastRun = async (chainId: number, index: string): Promise<ReconciliationRecord | undefined> =>
  (await readReconciliations(chainId)).findLast(({ run }) => run && isFull(run) && run.scope?.index === index)
    ?.run;

const knownTokens = ({ tokens }: IndexedChain) =>
  new Map(tokens.map(({ address, symbol, decimals }) => [address.toLowerCase(), { symbol, decimals }]));

/** The same answer for everybody who asks while it is on its way or younger than `ms`. */
function sharedFor<Answer>(ms: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  let until = 0;
  return () => {
    if (answer === undefined || Date.now() >= until) {
      until = Infinity;
      answer = ask().finally(() => (until = Date.now() + ms));
    }
    return answer;
  };
}
