import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

import { Chance } from "../test/support/faults/chance.js";
import { databaseKinds, type DatabaseKind } from "../test/support/faults/databases.js";
import { faults, type Fault } from "../test/support/faults/faults.js";
import { BLOCKS, Session } from "../test/support/faults/session.js";
import { SmallDisk } from "../scripts/lib/small-disk.js";

import { writeTable, type Outcome } from "./lib/fault-table.js";

/*
 * Causes every fault to an indexer on every kind of database, in rounds that their seeds decide, and compares all tables
 * with a fresh index of the chain after each. Writes what came of it to bench/results/faults.json and docs/faults.md.
 * `npm run test:faults` runs this. ROUNDS (default 3), SEED (default: the time), FAULTS (a pattern of names) and DATABASE
 * (PGlite or Postgres) choose; what is not chosen keeps the result that it has.
 */

const RESULTS = "bench/results/faults.json";
const { ROUNDS = "3", SEED = new Date().toISOString(), FAULTS = "", DATABASE = "" } = process.env;

interface Tried {
  seed: string;
  seconds?: number;
  wrong?: string;
}

/** Causes the faults one after the other to one indexer, and to a new one after one that it did not get over. */
async function* playRound(
  kind: DatabaseKind,
  chosen: readonly Fault[],
  seed: string,
): AsyncGenerator<[Fault, Tried]> {
  let session: Session | undefined;
  try {
    for (const fault of new Chance(`${seed}/order`).shuffled(chosen)) {
      session ??= await begin(kind, `${seed}/${fault.name}`);
      const result = await tryOnce(session, fault, seed);
      yield [fault, result];
      if (result.wrong === undefined) continue;
      await session.dispose();
      session = undefined;
    }
  } finally {
    await session?.dispose();
  }
}

async function begin(kind: DatabaseKind, seed: string): Promise<Session> {
  const session = await Session.begin(kind, new Chance(seed), BLOCKS);
  await session.start();
  await session.untilCaughtUp();
  return session;
}

async function tryOnce(session: Session, { cause }: Fault, seed: string): Promise<Tried> {
  try {
    const seconds = (await session.suffer(cause)) / 1000;
    const differences = await session.differences();
    return differences.length === 0 ? { seed, seconds } : { seed, wrong: differences.slice(0, 5).join("\n") };
  } catch (error) {
    return { seed, wrong: (error as Error).message };
  }
}

function summary(fault: Fault, database: string, tries: readonly Tried[]): Outcome {
  const seconds = tries.flatMap((one) => one.seconds ?? []).sort((a, b) => a - b);
  const wrong = tries.flatMap((one) => (one.wrong === undefined ? [] : [[one.seed, one.wrong] as const]));
  const rounded = (value = 0) => Math.round(value * 10) / 10;
  return {
    fault: fault.name,
    database,
    outcome: fault.outcome ?? "survives",
    rounds: tries.length,
    right: seconds.length,
    recoverySeconds: {
      median: rounded(seconds[Math.floor(seconds.length / 2)]),
      longest: rounded(seconds.at(-1)),
    },
    seeds: tries.map(({ seed }) => seed),
    ...(wrong.length > 0 ? { wrong: Object.fromEntries(wrong) } : {}),
  };
}

const keyOf = ({ fault, database }: Pick<Outcome, "fault" | "database">) => `${database}/${fault}`;

/** Puts an outcome in the place of the one before it, and leaves out faults that are no more. */
async function save(outcome: Outcome): Promise<void> {
  const text = await readFile(RESULTS, "utf8").catch(() => "{}");
  const { outcomes = [] } = JSON.parse(text) as { outcomes?: Outcome[] };
  const known = new Set(faults.map(({ name }) => name));
  const others = outcomes.filter((one) => keyOf(one) !== keyOf(outcome) && known.has(one.fault));
  const all = [...others, outcome].sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
  const results = {
    command: "npm run test:faults",
    machine: `${cpus().length} × ${cpus()[0]!.model}`,
    rounds: all.reduce((sum, { rounds }) => sum + rounds, 0),
    right: all.reduce((sum, { right }) => sum + right, 0),
    outcomes: all,
  };
  await writeFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
  await writeTable(all);
}

let failures = 0;
for (const kind of databaseKinds({ onSmallDisks: true })) {
  if (DATABASE && kind.name !== DATABASE) continue;
  if (kind.unavailable !== undefined) {
    console.log(`${kind.name} is skipped: ${kind.unavailable}`);
    continue;
  }
  const chosen = faults
    .filter(({ only, name }) => (only ?? kind.name) === kind.name && new RegExp(FAULTS).test(name))
    .filter(({ needsSmallDisk, name }) => {
      if (!needsSmallDisk || SmallDisk.unavailable === undefined) return true;
      console.log(`${kind.name}: ${name} is skipped: ${SmallDisk.unavailable}`);
      return false;
    });
  const tries = new Map<Fault, Tried[]>();
  try {
    for (let round = 1; round <= Number(ROUNDS); round++) {
      for await (const [fault, tried] of playRound(kind, chosen, `${SEED}/${round}`)) {
        const all = [...(tries.get(fault) ?? []), tried];
        tries.set(fault, all);
        await save(summary(fault, kind.name, all));
        if (tried.wrong !== undefined) failures++;
        const came = tried.wrong ?? `right after ${tried.seconds!.toFixed(1)} s`;
        console.log(`${kind.name}, seed ${tried.seed}: ${fault.name}: ${came}`);
      }
    }
  } finally {
    await kind.close();
  }
}
console.log(`${failures === 0 ? "All rounds were right" : `${failures} rounds were wrong`}: see ${RESULTS}`);
if (failures > 0) process.exitCode = 1;
