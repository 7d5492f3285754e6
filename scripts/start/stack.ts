import { appendFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { JsonRpcProvider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import {
  deploySuite,
  Fault,
  readParameters,
  writeRecord,
  type DeploymentRecord,
} from "../../deploy/index.js";
import { deploymentIdOf } from "../../deploy/journal.js";
import { recordPath } from "../../deploy/record.js";
import { startIndexer } from "../lib/indexer.js";
import { EXIT_CODES } from "../lib/reconcile/request.js";
import { reconcileRunning } from "../lib/reconcile/running.js";
import { playScenario } from "../scenario/scenario.js";
import { Traffic } from "../scenario/traffic.js";
import { enterWorld, type World } from "../scenario/world.js";
import { LocalChainProvider } from "./chain.js";
import type { StartOptions } from "./options.js";
import type { Running } from "../lib/running.js";
import { countedPhase, phase } from "./screen.js";
import { formatSummary, paymentsByStatus } from "./summary.js";
import { formatWelcome } from "./welcome.js";

const SECONDS_BETWEEN_STEPS = 3;
const RPC_LANES = 8;

interface StackContext {
  options: StartOptions;
  chainUrl: string;
  hre: HardhatRuntimeEnvironment;
  running: Running;
}

/** Deploys, plays the scenario and indexes it; then compares and returns, or stays. Needs the build. */
export async function runStack(context: StackContext): Promise<void> {
  const { options, chainUrl, hre, running } = context;
  const provider = running.keep(stoppable(new LocalChainProvider(chainUrl)));
  const parameters = await readParameters(join(hre.config.paths.ignition, "parameters", "local.json5"));
  const record = await phase("Deploying the suite", async () => {
    const connection = await hre.network.create({ network: "local", override: { url: chainUrl } });
    if (options.rpc === undefined) running.keep(await journalOf(connection, hre));
    return await deploySuite({ connection, parameters });
  });

  const world = await enterWorld(provider, record, parameters.holders);
  const seed = `from block ${await provider.getBlockNumber()}`;
  await countedPhase(`Making ${options.payments} payments`, options.payments, (onProgress) =>
    playScenario(world, { payments: options.payments, seed, onProgress }),
  );

  const indexer = await phase("Indexing them", () => index(context, record));
  if (options.once) {
    const { result, scratch } = await reconcileRunning(record, provider, indexer);
    console.log(`\n${formatSummary(result, paymentsByStatus(scratch), record)}`);
    scratch.close();
    process.exitCode = EXIT_CODES[result.outcome];
    return;
  }
  await keepRecordOfLocalNetwork(context, record);
  console.log(await formatWelcome(world, { chainUrl, indexer, record }));
  running.isStaying = true;
  await stay(world, seed);
}

/** Starts the indexer on a database of its own, in a folder that this run begins anew. Returns where it answers. */
async function index(
  { options, chainUrl, hre, running }: StackContext,
  record: DeploymentRecord,
): Promise<string> {
  // Nobody else can have the same port.
  const directory = join(hre.config.paths.root, ".holdfast", `start-${options.port}`);
  const recordsDir = join(directory, "records");
  await rm(directory, { recursive: true, force: true });
  await mkdir(recordsDir, { recursive: true });
  await writeFile(join(recordsDir, `${record.chainId}.json`), JSON.stringify(record, null, 2));
  const indexer = await startIndexer({
    recordsDir,
    // The indexer limits itself per endpoint; named several times, a local chain is read several times as fast.
    rpcUrls: { [record.chainId]: Array<string>(RPC_LANES).fill(chainUrl) },
    port: options.port,
    databaseDir: join(directory, "database"),
    onLog: (line) => appendFileSync(join(directory, "indexer.log"), `${line}\n`),
  }).catch((cause: Error) => {
    throw new Fault(cause.message, { cause });
  });
  return running.keep(indexer).url;
}

/** One step of some payment every few seconds, until the process is interrupted. */
async function stay(world: World, seed: string): Promise<never> {
  const traffic = new Traffic(world, `${seed}, afterwards`);
  for (;;) {
    await sleep(SECONDS_BETWEEN_STEPS * 1000);
    // Whoever tries the admin commands may pause deposits or block an account: worth seeing, not worth ending for.
    console.log(await traffic.step().catch((error: Error) => error.message));
  }
}

/** `--network local` of the other commands then finds the suite that runs here, if this is that network. */
async function keepRecordOfLocalNetwork(
  { options, chainUrl, hre, running }: StackContext,
  record: DeploymentRecord,
): Promise<void> {
  const { local } = hre.config.networks;
  if (local?.type !== "http") return;
  if (new URL(await local.url.get()).href !== new URL(chainUrl).href) return;
  await writeRecord(record);
  // A chain that was started here ends with this run, and its record with it.
  if (options.rpc === undefined)
    running.keep({ stop: () => rm(recordPath(record.chainId), { force: true }) });
}

/** Ignition's journal of a chain that ends with this run. */
async function journalOf(connection: NetworkConnection, hre: HardhatRuntimeEnvironment) {
  const journal = join(hre.config.paths.ignition, "deployments", await deploymentIdOf(connection));
  return { stop: () => rm(journal, { recursive: true, force: true }) };
}

const stoppable = (provider: JsonRpcProvider) =>
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  Object.assign(provider, { stop: async () => provider.destroy() });
