import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import type { NetworkConnection } from "hardhat/types/network";

import type { HeldRole } from "../../../deploy/roles.js";
import { startLocalSuite, type LocalSuite, type SafeRole } from "../../lib/local-suite.js";
import { monitoringProgram, startAlertmanager, startPrometheus } from "../../lib/monitoring.js";
import { freePort } from "../../lib/processes.js";
import { Running } from "../../lib/running.js";
import { paymentIdOf, type Payment } from "../../lib/signing.js";
import { cast, type Story } from "../../scenario/story.js";
import { Telling } from "../../scenario/telling.js";
import { enterWorld, type World } from "../../scenario/world.js";
import { LocalChainProvider } from "../../start/chain.js";
import { SmallDisk } from "../../lib/small-disk.js";
import { noPostgres, Postgres } from "../../lib/postgres.js";
import { RpcProxy } from "../../lib/rpc-proxy.js";
import { asThePageSays, databaseUrl, newDatabase, PASSWORDS } from "../../lib/production.js";
import { Compose } from "./compose.js";
import { Pager } from "./pager.js";
import { writeSoonerRules } from "./rules.js";
import { IndexerService, MonitorService, postgresService } from "./services.js";
import { Shell } from "./shell.js";

const CHAIN_ID = 31337;
const DATABASE = "holdfast";
/** Room for the database, its write-ahead log and a second index. */
const DISK_MEGABYTES = 400;
const DAY = 86_400;
/** The chain begins so long ago, so that a payment can be overdue in the time that Prometheus knows. */
const DAYS_AGO = 10;

/** Why there can be no incidents here, or nothing if there can. */
export const missing =
  noPostgres ??
  (["prometheus", "alertmanager", "amtool"] as const)
    .filter((program) => monitoringProgram(program) === undefined)
    .map((program) => `no ${program} on the PATH (Debian's prometheus, prometheus-alertmanager)`)
    .at(0);

type Connect = (url: string) => Promise<NetworkConnection>;

/** What a stack is made of. */
interface Parts {
  readonly running: Running;
  readonly directory: string;
  readonly suite: LocalSuite;
  readonly world: World;
  readonly postgres: Postgres;
  /** What the database is on, where a disk can be mounted. */
  readonly disk: SmallDisk | undefined;
  readonly endpoints: Readonly<Record<"first" | "second" | "spare", RpcProxy>>;
  readonly services: Readonly<
    Record<"writer" | "writer-next" | "api", IndexerService> &
      Record<"prometheus" | "alertmanager", MonitorService>
  >;
  readonly pager: Pager;
  readonly shell: Shell;
  /** What the table of docs/runbooks/README.md says that whoever is on call has set. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Everything that runs in production, on this machine: what an incident happens to. */
export class IncidentStack {
  #number = 0;

  private constructor(private readonly parts: Parts) {}

  static async start(connect: Connect): Promise<IncidentStack> {
    const running = new Running();
    try {
      return new IncidentStack(await startParts(running, connect));
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  /** What the commands of admins read and write: parameters, records, operations. */
  get deployDirectory() {
    return path.join(this.parts.directory, "deploy");
  }
  get suite() {
    return this.parts.suite;
  }
  get world() {
    return this.parts.world;
  }
  get postgres() {
    return this.parts.postgres;
  }
  get disk() {
    if (this.parts.disk === undefined) throw new Error("The database is on no disk of its own.");
    return this.parts.disk;
  }
  get endpoints() {
    return this.parts.endpoints;
  }
  get services() {
    return this.parts.services;
  }
  get pager() {
    return this.parts.pager;
  }
  get shell() {
    return this.parts.shell;
  }
  get variables() {
    return this.parts.variables;
  }

  /**
   * Begins a payment of a story, whose next steps can be told.
   *
   * @param change What its terms have otherwise than they are drawn.
   */
  async begin(story: Story, change: Partial<Payment> = {}): Promise<Telling> {
    const run = await cast(this.world, story, "incidents", this.#number++);
    const payment = { ...run.payment, ...change };
    const telling = new Telling({
      ...run,
      payment,
      paymentId: paymentIdOf(this.world.escrowDomain, payment),
    });
    await telling.advance();
    return telling;
  }

  /** The transaction that deposited a payment. */
  async depositOf({ run }: Telling): Promise<string> {
    const { escrow } = this.world;
    const [created] = await escrow.queryFilter(escrow.filters.PaymentCreated(run.paymentId));
    return created!.transactionHash;
  }

  /** Makes the chain longer. */
  async mine(blocks: number): Promise<void> {
    await this.world.provider.send("anvil_mine", [`0x${blocks.toString(16)}`]);
  }

  /** Types an admin's command that has to succeed, as what came before an incident. */
  async type(line: string): Promise<string> {
    return (await this.suite.terminal.type(`npx hardhat ${line} --network local`)).stdout;
  }

  /** How somebody signs, as options of a command. */
  signerOf(typist: string): string {
    return `--signer keystore --address ${this.addressOf(typist)}`;
  }

  /** The account of whoever types, by what a page calls them: a role, or an owner of the Safe that holds it. */
  addressOf(typist: string): string {
    const [role, number] = typist.split("-") as [HeldRole, string?];
    const address =
      number === undefined
        ? this.suite.holders[role][0]
        : this.suite.owners[role as SafeRole][Number(number) - 1];
    if (address === undefined) throw new Error(`Nobody is ${typist}.`);
    return address;
  }

  async stop(): Promise<void> {
    await this.parts.running.stop();
  }
}

async function startParts(running: Running, connect: Connect): Promise<Parts> {
  const directory = await mkdtemp(path.join(tmpdir(), "holdfast-incidents-"));
  running.keep({ stop: () => rm(directory, { recursive: true, force: true }) });
  const disk = SmallDisk.unavailable === undefined ? SmallDisk.mount(DISK_MEGABYTES) : undefined;
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  running.keep({ stop: async () => disk?.unmount() });
  const postgres = running.keep(await Postgres.start(disk?.directory));
  const server = postgres.url("postgres");
  const ports = { writer: await freePort(), next: await freePort(), api: await freePort() };
  const asWriter = databaseUrl(server, DATABASE, "holdfast_writer");
  const secrets = path.join(directory, "secrets");
  const variables = {
    NETWORK: "local",
    CHAIN_ID: String(CHAIN_ID),
    SCHEMA: "holdfast_1",
    SECRETS: secrets,
    DATABASE_URL: asWriter,
    INDEXER_URL: `http://127.0.0.1:${ports.api}`,
  };

  const suite = await startLocalSuite({
    running,
    directory: path.join(directory, "deploy"),
    connect,
    chainArgs: ["--timestamp", String(Math.floor(Date.now() / 1000) - DAYS_AGO * DAY)],
    variables: { DATABASE_URL: asWriter, HOLDFAST_INDEXER_URL: variables.INDEXER_URL },
  });
  const provider = new LocalChainProvider(suite.url);
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  running.keep({ stop: async () => provider.destroy() });
  // For the Safes act those who own them, by commands.
  const officers = Object.entries(suite.holders).filter(([role]) => !(role in suite.owners));
  const world = await enterWorld(provider, suite.record, Object.fromEntries(officers));

  const [first, second, spare] = [
    running.keep(await RpcProxy.start(suite.url)),
    running.keep(await RpcProxy.start(suite.url)),
    running.keep(await RpcProxy.start(suite.url)),
  ];
  await mkdir(secrets);
  const rpcUrlsFile = path.join(secrets, `rpc_urls_${CHAIN_ID}`);
  await writeFile(rpcUrlsFile, `${first.url},${second.url}`);
  for (const [role, password] of Object.entries(PASSWORDS))
    await writeFile(path.join(secrets, `${role}_password`), password);

  await newDatabase(server, DATABASE);
  const common = {
    chainId: CHAIN_ID,
    rpcUrlsFile,
    recordsDir: path.join(directory, "deploy", "records"),
    env: { HOLDFAST_DEPLOY_DIR: path.join(directory, "deploy") },
  };
  const services = {
    writer: new IndexerService({
      ...common,
      port: ports.writer,
      databaseUrl: asWriter,
      schemaOf: ({ HOLDFAST_SCHEMA = "holdfast_1" }) => HOLDFAST_SCHEMA,
    }),
    "writer-next": new IndexerService({
      ...common,
      port: ports.next,
      databaseUrl: asWriter,
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
  for (const service of Object.values(services)) running.keep({ stop: () => service.stop() });
  await services.writer.start({});
  await asThePageSays("switch", variables);
  await services.api.start({});

  const pager = running.keep(await Pager.start());
  const monitors = await monitorsOf({ directory, pager, ports });
  for (const monitor of [monitors.alertmanager, monitors.prometheus]) {
    running.keep({ stop: () => monitor.stop() });
    await monitor.start();
  }

  const { terminal } = suite;
  const compose = new Compose({ postgres: postgresService(postgres), ...services, ...monitors });
  const shell = running.keep(
    await Shell.open(directory, {
      npx: (words) => terminal.run(["npx", ...words]),
      docker: compose.run,
    }),
  );
  return {
    running,
    directory,
    suite,
    world,
    postgres,
    disk,
    endpoints: { first, second, spare },
    services: { ...services, ...monitors },
    pager,
    shell,
    variables: {
      ...variables,
      PROMETHEUS_URL: monitors.prometheus.url,
      ALERTMANAGER_URL: monitors.alertmanager.url,
    },
  };
}

interface Monitored {
  readonly directory: string;
  readonly pager: Pager;
  readonly ports: Readonly<Record<"writer" | "next" | "api", number>>;
}

async function monitorsOf({ directory, pager, ports }: Monitored) {
  const rulesDirectory = path.join(directory, "rules");
  await writeSoonerRules(rulesDirectory);
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const at = (port: number) => `127.0.0.1:${port}`;
  return {
    alertmanager: new MonitorService(`http://${at(alertmanagerPort)}`, () =>
      startAlertmanager({ port: alertmanagerPort, webhook: pager.url }),
    ),
    prometheus: new MonitorService(`http://${at(prometheusPort)}`, () =>
      startPrometheus({
        port: prometheusPort,
        jobs: {
          "holdfast-writer": [at(ports.writer), at(ports.next)],
          "holdfast-api": [at(ports.api)],
        },
        alertmanager: at(alertmanagerPort),
        rulesDirectory,
      }),
    ),
  };
}
