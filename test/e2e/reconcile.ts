import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { network } from "hardhat";

import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer } from "../../scripts/lib/indexer.js";
import {
  databaseSource,
  inSnapshot,
  openPglite,
  openPostgres,
  type Connection,
} from "../../scripts/lib/reconcile/database.js";
import { reconcile, type Request, type Reconciliation } from "../../scripts/lib/reconcile/reconcile.js";
import { Rpc } from "../../scripts/lib/reconcile/rpc.js";
import { live } from "../support/lively-suite.js";
import { makeMany } from "../support/many-payments.js";
import { deployedSuite } from "../support/suite.js";

const ANVIL_PORT = 51_560;
const INDEXER_PORT = 51_080;
const CHAIN_ID = 31337;
const PAYMENTS = 2_000;
const SCHEMA = "reconciled";

describe("reconciliation", function () {
  this.timeout(240_000);

  const cleanup = new AsyncDisposableStack();
  let suite: Awaited<ReturnType<typeof deployedSuite>>;
  let database: Connection;
  let send: (method: string, params: unknown[]) => Promise<unknown>;
  let directory: string;

  before(async () => {
    const anvil = await startAnvil({
      port: ANVIL_PORT,
      args: ["--accounts", "16", "--gas-limit", "1000000000"],
    });
    cleanup.defer(() => anvil.stop());
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    suite = await deployedSuite(connection);
    const { usdc, users } = suite;
    const now = await connection.networkHelpers.time.latest();
    await live(suite, connection);
    const [buyer, seller] = users;
    await makeMany(suite, {
      buyer: buyer!,
      seller: seller!,
      token: await usdc.getAddress(),
      deadline: BigInt(now + 90 * 86_400),
      count: PAYMENTS,
    });
    // What is final is indexed many blocks at a time.
    await connection.networkHelpers.mine(64);
    directory = await mkdtemp(join(tmpdir(), "holdfast-reconciled-"));
    cleanup.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
    const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL;
    const databaseDir = join(directory, "pglite");
    const indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: Array<string>(4).fill(anvil.url) },
      port: INDEXER_PORT,
      schema: SCHEMA,
      ...(databaseUrl === undefined ? { databaseDir } : { databaseUrl }),
    });
    await indexer.stop();
    database = databaseUrl === undefined ? await openPglite(databaseDir) : await openPostgres(databaseUrl);
    cleanup.defer(() => database.close());
    const provider = new JsonRpcProvider(anvil.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
    cleanup.defer(() => provider.destroy());
    send = (method, params) => provider.send(method, params) as Promise<unknown>;
  });
  after(() => cleanup.disposeAsync());

  const check = async (change: Partial<Request> = {}): Promise<Reconciliation> => {
    const { result, scratch } = await reconcile({
      record: suite.record,
      rpc: new Rpc("the RPC", send),
      source: databaseSource(database.query, SCHEMA, CHAIN_ID),
      scratch: join(directory, "scratch.sqlite"),
      resume: true,
      ...change,
    });
    scratch.close();
    return result;
  };

  it("finds nothing in a healthy stack, with one call for a thousand payments", async () => {
    const result = await inSnapshot(database, () => check());
    expect(result.findings).to.deep.equal([]);
    expect(result.outcome).to.equal("clean");
    expect(result.payments).to.be.greaterThan(PAYMENTS);
    expect(result.stateCalls).to.equal(Math.ceil(result.payments / 1_000));
  });
});
