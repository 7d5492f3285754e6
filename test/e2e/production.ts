import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { expect } from "chai";
import { network } from "hardhat";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { startIndexer, untilIndexed, type Indexer, type IndexerOptions } from "../../scripts/lib/indexer.js";
import {
  askPrometheus,
  monitoringProgram,
  startAlertmanager,
  startPrometheus,
  type Monitor,
} from "../../scripts/lib/monitoring.js";
import { eventually } from "../../scripts/lib/eventually.js";
import { asThePageSays, databaseUrl, newDatabase, sql } from "../../scripts/lib/production.js";
import { indexOf, recordRun } from "../../scripts/drill/stack/reconciliation-runs.js";
import { dashboardQueries, metricNames, ruleQueries } from "../support/dashboard.js";
import { live } from "../support/life.js";
import { Consumer } from "../support/consumer.js";
import { askGraphql, wholeReadModel } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";

const CHAIN_ID = 31337;
const ANVIL_PORT = 21_550;
const WRITER_PORTS = { first: 21_080, second: 21_081 };
const REPLICA_PORTS = [21_082, 21_083];
const PROMETHEUS_PORT = 21_090;
const ALERTMANAGER_PORT = 21_093;
const PAGER_PORT = 21_094;
const DATABASE = "holdfast_production";
const RESTORED = "holdfast_restored";

/** What Alertmanager tells a webhook. */
interface Page {
  alerts: { labels: Record<string, string>; annotations: Record<string, string> }[];
}

const server = process.env.HOLDFAST_TEST_DATABASE_URL ?? "";

(server ? describe : describe.skip)("in production (needs HOLDFAST_TEST_DATABASE_URL)", function () {
  this.timeout(180_000);

  const cleanup = new AsyncDisposableStack();
  const asWriter = server && databaseUrl(server, DATABASE, "holdfast_writer");
  const asReader = server && databaseUrl(server, DATABASE, "holdfast_reader");
  let anvil: Anvil;
  let recordsDir: string;
  let suite: Awaited<ReturnType<typeof deployedSuite>>;
  let funded: Awaited<ReturnType<typeof live>>["funded"];
  let buyer: Awaited<ReturnType<typeof live>>["buyer"];
  let writer: Indexer;
  let replicas: Indexer[];
  const log: string[] = [];

  const startWriter = (port: number, schema: string, database = asWriter) =>
    start({ port, schema, databaseUrl: database, args: ["--log-format", "json"] });
  const startReplica = (port: number) =>
    start({ port, schema: "holdfast", databaseUrl: asReader, command: "serve" });
  const start = async (options: Omit<IndexerOptions, "recordsDir" | "rpcUrls" | "onLog">) => {
    const indexer = await startIndexer({
      recordsDir,
      rpcUrls: { [CHAIN_ID]: `${anvil.url}/?key=SECRET` },
      env: { HOLDFAST_DEPLOY_DIR: recordsDir },
      onLog: (line) => log.push(line),
      ...options,
    });
    cleanup.defer(() => indexer.stop());
    return indexer;
  };
  const showIndex = (schema: string) => asThePageSays("switch", { SCHEMA: schema, DATABASE_URL: asWriter });

  /** Releases one unit of a payment: an event for the indexers. */
  const releaseOne = async () => {
    const transaction = await suite.escrow.connect(buyer).release(funded, 1n);
    return (await transaction.wait())!.blockNumber;
  };
  const releasedAt = async (url: string) => {
    const id = await suite.escrow.hashPayment(funded);
    const query = `{ payment(chainId: ${CHAIN_ID}, paymentId: "${id}") { amount held released refunded } }`;
    const { payment } = (await askGraphql(url, query)) as { payment: Record<string, string> };
    const [amount, held, released, refunded] = ["amount", "held", "released", "refunded"].map((name) =>
      BigInt(payment[name]!),
    ) as [bigint, bigint, bigint, bigint];
    if (held + released + refunded !== amount)
      throw new Error(`${url} tells of a payment that does not add up.`);
    return released;
  };

  before(async () => {
    anvil = await startAnvil({ port: ANVIL_PORT, args: ["--accounts", "16"] });
    cleanup.defer(() => anvil.stop());
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    suite = await deployedSuite(connection);
    ({ funded, buyer } = await live(suite, connection));
    recordsDir = await mkdtemp(join(tmpdir(), "holdfast-production-"));
    cleanup.defer(() => rm(recordsDir, { recursive: true }));
    await writeFile(join(recordsDir, `${CHAIN_ID}.json`), JSON.stringify(suite.record));

    await newDatabase(server, DATABASE);
    writer = await startWriter(WRITER_PORTS.first, "holdfast_1");
    expect(await showIndex("holdfast_1")).to.include('"holdfast" now shows the index in "holdfast_1".');
    replicas = await Promise.all(REPLICA_PORTS.map(startReplica));
  });
  after(() => cleanup.disposeAsync());

  it("replicas answer what the writer's tables say, and follow them", async () => {
    for (const { url } of replicas) {
      expect(await wholeReadModel(url)).to.deep.equal(await wholeReadModel(writer.url));
    }
    const before = await releasedAt(replicas[0]!.url);
    const block = await releaseOne();
    for (const { url } of replicas) {
      await untilIndexed(url, CHAIN_ID, block);
      expect(await releasedAt(url)).to.equal(before + 1n);
    }
  });

  it("the reader's role can look at the views and do nothing else", async () => {
    expect(Number(await sql(asReader, "select count(*) from holdfast.payment"))).to.be.greaterThan(10);
    const refusal = (statement: string) =>
      sql(asReader, `begin transaction read write; ${statement}`).then(
        () => "nothing",
        (error: Error) => error.message,
      );
    expect(await refusal("delete from holdfast.payment")).to.include("permission denied for view payment");
    expect(await refusal("create table holdfast.mine (a int)")).to.include(
      "permission denied for schema holdfast",
    );
    expect(await refusal("create schema mine")).to.include("permission denied for database");
    expect(await refusal("create temp table mine (a int)")).to.include(
      "permission denied to create temporary tables",
    );
    expect(await refusal("select * from holdfast_1.payment")).to.include(
      "permission denied for schema holdfast_1",
    );
    expect(await sql(asReader, "show transaction_read_only")).to.equal("on");
  });

  it("views wait for an index that has caught up, and else stay what they were", async () => {
    const complaint = await showIndex("holdfast_none").catch((error: Error) => error.message);
    expect(complaint).to.include('There is no index in schema "holdfast_none": start a writer');
    expect(await releasedAt(replicas[0]!.url)).to.be.greaterThan(0n);
  });

  it("a new version takes over while consumers ask on: no question fails, no answer is wrong or older", async () => {
    const consumers = [1, 2].map(
      () =>
        new Consumer(
          replicas.map(({ url }) => url),
          releasedAt,
        ),
    );
    const traffic = new Consumer([anvil.url], releaseOne, 400);

    const next = await startWriter(WRITER_PORTS.second, "holdfast_2");
    expect(await showIndex("holdfast_2")).to.include('"holdfast" now shows the index in "holdfast_2".');
    await writer.stop();
    for (const [i, port] of REPLICA_PORTS.entries()) {
      await replicas[i]!.stop();
      replicas[i] = await startReplica(port);
    }
    writer = next;
    const block = await releaseOne();
    for (const { url } of replicas) await untilIndexed(url, CHAIN_ID, block);
    await traffic.stop();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await asThePageSays("remove", { SCHEMA: "holdfast_1", DATABASE_URL: asWriter });

    expect(traffic.failures).to.deep.equal([]);
    const { released } = await suite.escrow.paymentState(await suite.escrow.hashPayment(funded));
    for (const { answers, failures } of consumers) {
      expect(failures).to.deep.equal([]);
      expect(answers).to.have.length.greaterThan(100);
      expect(answers).to.deep.equal(answers.toSorted((a, b) => Number(a - b)));
      expect(new Set(answers).size).to.be.greaterThan(10);
      expect(answers.at(-1)! <= released).to.equal(true);
    }
  });

  it("a restored backup has the same rows, and a writer goes on from it", async () => {
    const digests = (database: string) =>
      asThePageSays("digests", {
        SCHEMA: "holdfast_2",
        DATABASE_URL: databaseUrl(server, database, "holdfast_writer"),
      });
    const DUMP = join(recordsDir, "holdfast.dump");
    const restored = databaseUrl(server, RESTORED, "holdfast_writer");
    await asThePageSays("dump", { DUMP, DATABASE_URL: asWriter });
    await newDatabase(server, RESTORED);
    await asThePageSays("restore", { DUMP, RESTORED_URL: restored });
    const saved = await digests(RESTORED);
    expect(saved.trim().split("\n")).to.have.length(20);
    expect(saved).to.equal(await digests(DATABASE));

    const block = await releaseOne();
    await untilIndexed(writer.url, CHAIN_ID, block);
    expect(saved).to.not.equal(await digests(DATABASE));
    await startWriter(WRITER_PORTS.first, "holdfast_2", restored);
    expect(await digests(RESTORED)).to.equal(await digests(DATABASE));
    const asReaderThere = databaseUrl(server, RESTORED, "holdfast_reader");
    const count = "select count(*) from holdfast.payment_event";
    expect(await sql(asReaderThere, count)).to.equal(await sql(asReader, count));
  });

  it("logs each payment event as a JSON line with the ids to find it by, and with nobody's address", async () => {
    const block = await releaseOne();
    await untilIndexed(writer.url, CHAIN_ID, block);
    const paymentId = await suite.escrow.hashPayment(funded);
    await eventually(() => {
      const lines = log
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line.msg === "Indexed payment event" && line.block === block);
      expect(lines[0]).to.include({ chain_id: CHAIN_ID, kind: "PaymentReleased", payment_id: paymentId });
      expect(lines[0]!.transaction).to.match(/^0x[0-9a-f]{64}$/);
    });
    const everything = log.join("\n").toLowerCase();
    for (const { address } of [...suite.users, ...Object.values(suite.holders)]) {
      expect(everything).to.not.include(address.slice(2).toLowerCase());
    }
    expect(everything).to.not.include("secret");
  });

  describe("monitored", () => {
    const withPrometheus =
      monitoringProgram("prometheus") && monitoringProgram("alertmanager") ? it : it.skip;
    let prometheus: Monitor;
    const pages: Page[] = [];

    withPrometheus(
      "is seen by a Prometheus that scrapes it (needs prometheus and alertmanager)",
      async () => {
        const pager = createServer((request, response) => {
          void json(request).then((page) => pages.push(page as Page));
          response.end();
        }).listen(PAGER_PORT, "127.0.0.1");
        cleanup.defer(() => void pager.close());
        const webhook = `http://127.0.0.1:${PAGER_PORT}`;
        const alertmanager = await startAlertmanager({ port: ALERTMANAGER_PORT, webhook });
        cleanup.defer(() => alertmanager.stop());
        prometheus = await startPrometheus({
          port: PROMETHEUS_PORT,
          jobs: {
            "holdfast-writer": [new URL(writer.url).host],
            "holdfast-api": replicas.map(({ url }) => new URL(url).host),
          },
          alertmanager: new URL(alertmanager.url).host,
        });
        cleanup.defer(() => prometheus.stop());
        // Of the index that is shown by now.
        const index = await indexOf(replicas[0]!.url);
        await recordRun(join(recordsDir, "reconciliations"), CHAIN_ID, { index });
        await eventually(async () => {
          // Rates need two scrapes with something between them.
          await Promise.all(
            [writer, ...replicas].map(({ url }) => askGraphql(url, "{ payments { totalCount } }")),
          );
          expect(await askPrometheus(prometheus.url, "up == 1")).to.have.length(3);
          const old =
            "count(chain:holdfast_slo_freshness:ratio_30d and chain:holdfast_stale:bool offset 5s) > 0";
          expect(await askPrometheus(prometheus.url, old)).to.not.be.empty;
        });
      },
    );

    withPrometheus(
      "every query of the dashboard and of the rules is valid, and all it names is there",
      async () => {
        const queries = [...dashboardQueries(), ...(await ruleQueries(prometheus.url))];
        expect(queries).to.have.length.greaterThan(80);
        for (const query of queries) await askPrometheus(prometheus.url, query);
        const names = new Set(queries.flatMap(metricNames));
        expect(names.size).to.be.greaterThan(40);
        for (const name of names) expect(await askPrometheus(prometheus.url, name), name).to.not.be.empty;
      },
    );

    withPrometheus("its numbers are the chain's", async () => {
      const { escrow, usdc } = suite;
      const token = (await usdc.getAddress()).toLowerCase();
      const { held, credits } = await escrow.tokenTotals(token);
      const value = async (query: string) => (await askPrometheus(prometheus.url, query))[0]?.value;
      const created = await escrow.queryFilter(escrow.filters.PaymentCreated);
      const credited = await escrow.queryFilter(escrow.filters.PayoutCredited);
      await eventually(async () => {
        expect(await value('max(holdfast_payment_events{kind="PaymentCreated"})')).to.equal(created.length);
        expect(await value('max(holdfast_payment_events{kind="PayoutCredited"})')).to.equal(credited.length);
        expect(await value(`max(holdfast_token_held{token="${token}"})`)).to.equal(Number(held));
        expect(await value(`max(holdfast_token_liabilities{token="${token}"})`)).to.equal(
          Number(held + credits),
        );
        const balance = await usdc.balanceOf(escrow);
        expect(await value(`min(holdfast_token_surplus{token="${token}"})`)).to.equal(
          Number(balance - held - credits),
        );
        expect(await value("max(holdfast_head_lag_blocks)")).to.equal(0);
      });
    });

    withPrometheus("a pause reaches who is on call, with the page to open", async () => {
      await eventually(() => {
        const alert = pages
          .flatMap(({ alerts }) => alerts)
          .find(({ labels }) => labels.alertname === "HoldfastPaused");
        expect(alert?.labels).to.include({ severity: "warning", bit: "Deposits" });
        expect(alert?.annotations.runbook).to.equal("docs/runbooks/pause.md");
      });
    });

    withPrometheus("no label holds the key of an RPC endpoint", async () => {
      const metrics = await Promise.all([writer, ...replicas].map(({ url }) => fetch(`${url}/metrics`)));
      for (const response of metrics) expect(await response.text()).to.not.include("SECRET");
    });
  });
});
