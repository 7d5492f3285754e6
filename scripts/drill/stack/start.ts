import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { toQuantity } from "ethers";

import { startLocalSuite, type LocalSuite } from "../../lib/local-suite.js";
import { Postgres } from "../../lib/postgres.js";
import { freePort } from "../../lib/processes.js";
import { asThePageSays, databaseUrl, newDatabase, PASSWORDS } from "../../lib/production.js";
import { RpcProxy } from "../../lib/rpc-proxy.js";
import type { Running } from "../../lib/running.js";
import { SmallDisk } from "../../lib/small-disk.js";
import { enterWorld, type World } from "../../scenario/world.js";
import { LocalChainProvider } from "../../start/chain.js";
import type { Theatre } from "../theatre.js";
import { Compose } from "./compose.js";
import { startMonitors, type Monitors } from "./monitors.js";
import { Pager } from "./pager.js";
import { IndexerService, postgresService } from "./services.js";
import { Shell } from "./shell.js";

const CHAIN_ID = 31337;
const DATABASE = "holdfast";
/** Room for the database, its write-ahead log and a second index. */
const DISK_MEGABYTES = 400;
const DAY = 86_400;
/** More blocks than can be taken back, as on any chain: what the suite was deployed by is final. A second each. */
const FINAL_BLOCKS = 100;

/** What a stack is started with. */
export interface StackOptions extends Theatre {
  /** How long ago its chain begins. */
  readonly daysAgo: number;
  /** Tells what is being started, for those who wait. Default: nobody does. */
  readonly phase?: <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;
}

/** What a stack is made of. */
export interface Parts {
  readonly directory: string;
  readonly suite: LocalSuite;
  readonly world: World;
  readonly postgres: Postgres;
  /** What the database is on, where a disk can be mounted. */
  readonly disk: SmallDisk | undefined;
  readonly endpoints: Endpoints;
  readonly services: Indexers & Monitors;
  readonly pager: Pager;
  readonly compose: Compose;
  readonly shell: Shell;
  /** What the table of docs/runbooks/README.md says that whoever is on call has set. */
  readonly variables: Variables;
}

/** That table's, but for `ME` and `MY_ADDRESS`, which depend on who types. */
export const SET_BY_EVERYBODY = [
  ...["NETWORK", "CHAIN_ID", "SCHEMA", "SECRETS", "DATABASE_URL", "INDEXER_URL", "HOLDFAST_INDEXER_URL"],
  ...["PROMETHEUS_URL", "ALERTMANAGER_URL"],
] as const;
type Variables = Readonly<Record<(typeof SET_BY_EVERYBODY)[number], string>>;
type IndexVariables = Omit<Variables, "PROMETHEUS_URL" | "ALERTMANAGER_URL">;

type Endpoints = Readonly<Record<"first" | "second" | "spare", RpcProxy>>;
type Indexers = Readonly<Record<"writer" | "writer-next" | "api", IndexerService>>;
type Ports = Readonly<Record<"writer" | "next" | "api", number>>;

/** Starts everything that runs in production, on this machine. */
export async function startParts(options: StackOptions): Promise<Parts> {
  const { running, phase = (_, work) => work() } = options;
  const directory = await mkdtemp(path.join(tmpdir(), "holdfast-drill-"));
  running.keep({ stop: () => rm(directory, { recursive: true, force: true }) });
  const { postgres, disk } = await phase("Starting a Postgres", () => startPostgres(running));
  const server = postgres.url("postgres");
  const ports = { writer: await freePort(), next: await freePort(), api: await freePort() };
  const variables = {
    NETWORK: "local",
    CHAIN_ID: String(CHAIN_ID),
    SCHEMA: "holdfast_1",
    SECRETS: path.join(directory, "secrets"),
    DATABASE_URL: databaseUrl(server, DATABASE, "holdfast_writer"),
    INDEXER_URL: `http://127.0.0.1:${ports.api}`,
    HOLDFAST_INDEXER_URL: `http://127.0.0.1:${ports.api}`,
  };
  const { suite, world } = await phase("Starting a chain, with the suite and Safes as its admins", () =>
    startChain(options, directory),
  );
  const { endpoints, indexers } = await phase("Starting the indexer: a writer, and a replica", async () => {
    const endpoints = await startEndpoints(running, suite.url);
    const rpcUrlsFile = await writeSecrets(variables.SECRETS, endpoints);
    await newDatabase(server, DATABASE);
    const indexers = indexersOf({ directory, variables, ports, rpcUrlsFile, server });
    await startIndexers(running, indexers, variables);
    return { endpoints, indexers };
  });
  const pager = running.keep(await Pager.start());
  const monitors = await phase("Starting Prometheus, Alertmanager and a pager", () =>
    startMonitors({ running, directory, pager, ports }),
  );
  const services = { ...indexers, ...monitors };
  const compose = new Compose({ postgres: postgresService(postgres), ...services });
  const npx = (words: readonly string[], env: NodeJS.ProcessEnv) =>
    suite.terminal.run(["npx", ...words], ofThePages(env));
  const shell = running.keep(await Shell.open(directory, { npx, docker: compose.run }));
  return {
    ...{ directory, suite, world, postgres, disk, endpoints, services, pager, compose, shell },
    variables: {
      ...variables,
      PROMETHEUS_URL: monitors.prometheus.url,
      ALERTMANAGER_URL: monitors.alertmanager.url,
    },
  };
}

/** Of the variables of a shell, those that commands of ours read: set by everybody, or by the page. Nothing else is set for them. */
const ofThePages = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      /^(DATABASE_URL|HOLDFAST_INDEXER_URL|HOLDFAST_CHAINS|PONDER_RPC_URL_\d+_FILE)$/.test(name) &&
      value !== undefined
        ? [[name, value]]
        : [],
    ),
  );

async function startPostgres(running: Running) {
  const disk = SmallDisk.unavailable === undefined ? SmallDisk.mount(DISK_MEGABYTES) : undefined;
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  running.keep({ stop: async () => disk?.unmount() });
  return { disk, postgres: running.keep(await Postgres.start(disk?.directory)) };
}

async function startChain({ running, connect, daysAgo }: StackOptions, directory: string) {
  const begins = Math.floor(Date.now() / 1000) - daysAgo * DAY - FINAL_BLOCKS;
  const suite = await startLocalSuite({
    running,
    directory: path.join(directory, "deploy"),
    connect,
    chainArgs: ["--timestamp", String(begins)],
    variables: { HOLDFAST_RECORDS_DIR: path.join(directory, "deploy", "records") },
  });
  const provider = new LocalChainProvider(suite.url);
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  running.keep({ stop: async () => provider.destroy() });
  await provider.send("anvil_mine", [toQuantity(FINAL_BLOCKS)]);
  // For the Safes act those who own them, by commands.
  const officers = Object.entries(suite.holders).filter(([role]) => !(role in suite.owners));
  return { suite, world: await enterWorld(provider, suite.record, Object.fromEntries(officers)) };
}

async function startEndpoints(running: Running, url: string): Promise<Endpoints> {
  const proxy = async () => running.keep(await RpcProxy.start(url));
  return { first: await proxy(), second: await proxy(), spare: await proxy() };
}

/** Writes the files of compose.yml's secrets. Returns that of the RPC endpoints. */
async function writeSecrets(secrets: string, { first, second }: Endpoints): Promise<string> {
  await mkdir(secrets);
  const rpcUrlsFile = path.join(secrets, `rpc_urls_${CHAIN_ID}`);
  await writeFile(rpcUrlsFile, `${first.url},${second.url}`);
  for (const [role, password] of Object.entries({ ...PASSWORDS, postgres: "rules" }))
    await writeFile(path.join(secrets, `${role}_password`), password);
  return rpcUrlsFile;
}

interface IndexersOptions {
  readonly directory: string;
  readonly variables: IndexVariables;
  readonly ports: Ports;
  readonly rpcUrlsFile: string;
  /** The URL of the database's server. */
  readonly server: string;
}

function indexersOf({ directory, variables, ports, rpcUrlsFile, server }: IndexersOptions): Indexers {
  const common = {
    chainId: CHAIN_ID,
    rpcUrlsFile,
    recordsDir: path.join(directory, "deploy", "records"),
    env: { HOLDFAST_DEPLOY_DIR: path.join(directory, "deploy") },
    databaseUrl: variables.DATABASE_URL,
  };
  return {
    writer: new IndexerService({
      ...common,
      port: ports.writer,
      schemaOf: ({ HOLDFAST_SCHEMA = "holdfast_1" }) => HOLDFAST_SCHEMA,
    }),
    "writer-next": new IndexerService({
      ...common,
      port: ports.next,
      schemaOf: ({ HOLDFAST_NEXT_SCHEMA = "holdfast_2" }) => HOLDFAST_NEXT_SCHEMA,
    }),
    api: new IndexerService({
      ...common,
      port: ports.api,
      databaseUrl: databaseUrl(server, DATABASE, "holdfast_reader"),
      command: "serve",
      schemaOf: () => "holdfast",
    }),
  };
}

async function startIndexers(running: Running, indexers: Indexers, variables: IndexVariables): Promise<void> {
  for (const indexer of Object.values(indexers)) running.keep({ stop: () => indexer.stop() });
  await indexers.writer.start({});
  await asThePageSays("switch", variables);
  await indexers.api.start({});
}
