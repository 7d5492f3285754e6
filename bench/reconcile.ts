/**
 * How long `npx hardhat reconcile` takes, and how much memory. Real: the suite, every deposit, release and refund, their
 * slots and logs, the indexer and its database. Run with `npm run bench:reconcile`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { MaxUint256 } from "ethers";
import { network } from "hardhat";

import { rounded, sum } from "./lib/figures.js";
import { DATABASES, startDatabases, type DatabaseName } from "./lib/indexing/databases.js";
import { machine } from "./lib/machine.js";
import { startAnvil } from "../scripts/lib/anvil.js";
import { startIndexer } from "../scripts/lib/indexer.js";
import type { Reconciliation } from "../scripts/lib/reconcile/request.js";
import { makeMany } from "../test/support/many-payments.js";
import { deployedSuite } from "../test/support/suite.js";

const CHAIN_ID = 31337;
const [ANVIL_PORT, INDEXER_PORT] = [21_590, 21_591];
const SIZES = (process.env.BENCH_PAYMENTS ?? "10000,100000").split(",").map(Number);
const DAY = 86_400;
const RESULTS = fileURLToPath(new URL("results/reconcile.json", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));

await using databases = await startDatabases();

/** Reconciles as many payments as are asked for, out of each of the databases. */
async function measure(payments: number) {
  await using cleanup = new AsyncDisposableStack();
  const anvil = await startAnvil({
    port: ANVIL_PORT,
    args: ["--accounts", "16", "--gas-limit", "1000000000"],
  });
  cleanup.defer(() => anvil.stop());
  const connection = await network.create({ network: "local", override: { url: anvil.url } });
  const suite = await deployedSuite(connection);
  const [buyer, seller] = suite.users;
  await suite.usdc.mint(buyer!.address, 10n ** 12n);
  await suite.usdc.connect(buyer).approve(suite.escrow, MaxUint256);
  await makeMany(suite, {
    buyer: buyer!,
    seller: seller!,
    token: await suite.usdc.getAddress(),
    deadline: BigInt((await connection.networkHelpers.time.latest()) + 90 * DAY),
    count: payments,
  });
  await connection.networkHelpers.mine(64);

  const directory = await mkdtemp(path.join(tmpdir(), "holdfast-bench-"));
  cleanup.defer(() => rm(directory, { recursive: true }));
  await writeFile(path.join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
  const figures = {} as Record<DatabaseName, Figures>;
  for (const name of DATABASES) {
    await using database = await databases[name]();
    const indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: Array<string>(4).fill(anvil.url) },
      port: INDEXER_PORT,
      timeoutSeconds: 3_600,
      ...database.options,
    });
    await indexer.stop();
    figures[name] = await reconcile(
      { LOCAL_RPC_URL: anvil.url, HOLDFAST_RECORDS_DIR: directory, HOLDFAST_DEPLOY_DIR: directory },
      Object.values(database.options)[0]!,
    );
    console.log(`${name}:`, figures[name]);
  }
  return figures;
}

type Figures = Awaited<ReturnType<typeof reconcile>>;

async function reconcile(env: Record<string, string>, database: string) {
  const { result, peakMemoryMiB } = await reconcileInProcessOfItsOwn(env, database);
  if (result.outcome !== "clean")
    throw new Error(`The stack is not healthy: ${JSON.stringify(result.findings[0])}`);
  const { payments, rpcCalls, stateCalls } = result;
  const seconds = sum(Object.values(result.seconds));
  return {
    payments,
    seconds: rounded(seconds),
    rpcCalls,
    stateCalls,
    peakMemoryMiB,
    paymentsPerSecond: Math.round(payments / seconds),
    shareOfTime: Object.fromEntries(
      Object.entries(result.seconds).map(([phase, part]) => [phase, rounded(part / seconds)]),
    ),
    rows: sum(Object.values(result.rows)),
  };
}

/** The command as people type it, with the most memory that it ever had (Linux only). */
async function reconcileInProcessOfItsOwn(env: Record<string, string>, database: string) {
  const child = spawn(
    process.execPath,
    [
      path.join(root, "node_modules/hardhat/dist/src/cli.js"),
      ...["reconcile", "--network", "local", "--json", "--database", database, "--by", "bench"],
    ],
    { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  let isOver = false;
  const ended = once(child, "close").finally(() => (isOver = true));
  let peak = 0;
  while (!isOver) {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    await Promise.race([ended, sleep(100)]);
  }
  return {
    result: JSON.parse(output) as Reconciliation,
    peakMemoryMiB: Math.round(peak / 1_024),
  };
}

const runs: Record<DatabaseName, Figures>[] = [];
for (const size of SIZES) runs.push(await measure(size));
const last = Object.values(runs.at(-1)!);
const ofDatabase = (name: DatabaseName) => {
  const { payments, seconds, rpcCalls, peakMemoryMiB } = runs.at(-1)![name];
  return { payments, seconds, rpcCalls, peakMemoryMiB, runs: runs.map((run) => run[name]) };
};
const results = {
  command: "npm run bench:reconcile",
  machine: machine(),
  // Of all databases, the worst.
  payments: last[0]!.payments,
  seconds: Math.max(...last.map(({ seconds }) => seconds)),
  rpcCalls: Math.max(...last.map(({ rpcCalls }) => rpcCalls)),
  peakMemoryMiB: Math.max(...last.map(({ peakMemoryMiB }) => peakMemoryMiB)),
  databases: Object.fromEntries(DATABASES.map((name) => [name, ofDatabase(name)])),
};
// A try-out keeps its figures to itself.
if (process.env.BENCH_PAYMENTS === undefined)
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
