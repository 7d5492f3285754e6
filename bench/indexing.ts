import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { backfill, startIndexing, type App, type Backfill } from "./lib/indexing/backfill.js";
import { DATABASES, startDatabases, type Database, type DatabaseName } from "./lib/indexing/databases.js";
import { figuresOf, tableOf, type Measured } from "./lib/indexing/results.js";
import { visibilityOf } from "./lib/indexing/visibility.js";
import { machine } from "./lib/machine.js";
import { startPaymentChain } from "./lib/payments/chain.js";
import { measuredSources } from "./lib/sources.js";

/*
 * npm run bench:index: how fast the indexer takes in a chain of 100,000 payments and where the time goes, and how soon a
 * new block is visible. Ours and a minimal Ponder app take turns on the same chain. Writes bench/results/index.json;
 * fails if what was promised is not kept. BENCH_PAYMENTS=1000 tries it out and writes nothing.
 */

const COMMAND = "npm run bench:index";
const PAYMENTS = 100_000;
const ROUNDS = 2;
const LIVE_BLOCKS = 200;
/** At least this part of the minimal app's speed; at most this many times the cost on a tenth of the payments. */
const LIMITS = { ratioToMinimal: 0.6, growth: 1.25 };
const RESULTS = fileURLToPath(new URL("results/index.json", import.meta.url));

const payments = Number(process.env.BENCH_PAYMENTS ?? PAYMENTS);

await using databases = await startDatabases();
await using chain = await startPaymentChain();
await using kept = new AsyncDisposableStack();

async function run(name: DatabaseName, app: App, database: Database): Promise<Backfill> {
  const figures = await backfill(chain, database, app);
  const { events, seconds, cpuSeconds, peakMemoryMiB } = figures;
  console.log(
    `${name}, ${app}: ${events} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds)} a second, ` +
      `${cpuSeconds.toFixed(1)} s of CPU, ${peakMemoryMiB} MiB at most`,
  );
  return figures;
}

async function runAndForget(name: DatabaseName, app: App): Promise<Backfill> {
  await using database = await databases[name]();
  return await run(name, app, database);
}

type Runs = Map<DatabaseName, Backfill[]>;
/** Each kind of run on all databases in turn: what disturbs the machine for a while disturbs all alike. */
const runs = { small: new Map() as Runs, minimal: new Map() as Runs, ours: new Map() as Runs };
const note = (kind: keyof typeof runs, name: DatabaseName, figures: Backfill) =>
  runs[kind].set(name, [...(runs[kind].get(name) ?? []), figures]);
const lastOf = new Map<DatabaseName, Database>();

await chain.growTo(Math.ceil(payments / 10));
for (let round = 0; round < ROUNDS; ++round) {
  for (const name of DATABASES) note("small", name, await runAndForget(name, "ours"));
}
await chain.growTo(payments);
for (let round = 0; round < ROUNDS; ++round) {
  for (const name of DATABASES) {
    note("minimal", name, await runAndForget(name, "minimal"));
    if (round < ROUNDS - 1) {
      note("ours", name, await runAndForget(name, "ours"));
    } else {
      const database = kept.use(await databases[name]());
      note("ours", name, await run(name, "ours", database));
      lastOf.set(name, database);
    }
  }
}

const measured = {} as Record<DatabaseName, Measured>;
for (const [i, name] of DATABASES.entries()) {
  const indexer = await startIndexing(chain, lastOf.get(name)!);
  try {
    measured[name] = {
      small: runs.small.get(name)!,
      minimal: runs.minimal.get(name)!,
      ours: runs.ours.get(name)!,
      visible: await visibilityOf(chain, indexer, payments + i * LIVE_BLOCKS, LIVE_BLOCKS),
    };
  } finally {
    await indexer.stop();
  }
}

const figures = { pglite: figuresOf(measured.pglite), postgres: figuresOf(measured.postgres) };
const { events } = measured.postgres.ours[0]!;
console.log(`${events} events of ${payments} payments\n${tableOf(figures)}`);
if (payments === PAYMENTS) {
  const results = {
    command: COMMAND,
    machine: machine(),
    code: await measuredSources(),
    limits: LIMITS,
    payments,
    events,
    liveBlocks: LIVE_BLOCKS,
    databases: figures,
  };
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

for (const name of DATABASES) {
  const { ratioToMinimal, microsecondsPerEvent } = figures[name];
  if (ratioToMinimal < LIMITS.ratioToMinimal) {
    console.error(
      `${name}: ${ratioToMinimal} of the minimal app's speed; ${LIMITS.ratioToMinimal} were promised.`,
    );
    process.exitCode = 1;
  }
  if (microsecondsPerEvent.growth > LIMITS.growth) {
    console.error(
      `${name}: an event costs ${microsecondsPerEvent.growth} times what it does on fewer payments.`,
    );
    process.exitCode = 1;
  }
}
