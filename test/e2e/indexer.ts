import { expect } from "chai";
import { id } from "ethers";

import { untilIndexed } from "../../scripts/lib/indexer.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";
import { cast } from "../support/every-event.js";
import { askGraphql, askSql, wholeReadModel } from "../support/read-model.js";
import { hashTerms, termsOf } from "../support/terms.js";

const ANVIL_PORT = 51_546;
const INDEXER_PORT = 51_070;

/** What the promise is rejected with. */
const complaint = (promise: Promise<unknown>) =>
  promise.then(
    () => "no complaint",
    (error: Error) => error.message,
  );

describe("indexer", function () {
  this.timeout(180_000);

  let stack: EmittedStack;
  before(async () => {
    stack = await startEmittedStack(ANVIL_PORT);
  });
  after(() => stack?.dispose());

  it("follows the chain while it runs, and goes on where it was after a stop", async () => {
    const { chainId, suite } = stack;
    const database = { databaseDir: await stack.newDatabaseDir() };
    const indexer = await stack.startIndexer(INDEXER_PORT, database);
    const { url } = indexer;
    const terms = termsOf(900);
    const paymentId = hashTerms(terms, chainId, suite.addresses.escrow);
    const { buyer, seller, ...rest } = terms;
    const block = await suite.emit([
      "escrow",
      "PaymentCreated",
      paymentId,
      buyer,
      seller,
      ...Object.values(rest),
    ]);
    await untilIndexed(url, chainId, block);
    const query = `{ payment(chainId: ${chainId}, paymentId: "${paymentId}") { status held } }`;
    expect(await askGraphql(url, query)).to.deep.equal({ payment: { status: "Funded", held: "1000" } });

    const before = await wholeReadModel(url);
    await indexer.stop();
    await suite.emit(["escrow", "Paused", cast.guardian, 2, 4_000_000_001, "while nobody looked"]);
    const again = await stack.startIndexer(INDEXER_PORT, database);
    const after = await wholeReadModel(again.url);
    expect(after.pause!.map(({ reason }) => reason)).to.include("while nobody looked");
    for (const table of Object.keys(before).filter((name) => name !== "pause")) {
      expect(after[table], table).to.include.deep.members(before[table]!);
    }
    await again.stop();
  });

  it("gives identical rows whenever it begins anew", async () => {
    const first = await stack.startIndexer(INDEXER_PORT);
    const rows = await wholeReadModel(first.url);
    expect(Object.keys(rows)).to.have.length(20);
    for (const [table, its] of Object.entries(rows)) expect(its, table).to.not.be.empty;
    await first.stop();

    const second = await stack.startIndexer(INDEXER_PORT);
    expect(await wholeReadModel(second.url)).to.deep.equal(rows);
    await second.stop();
  });

  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL;
  (databaseUrl ? it : it.skip)("gives the same rows on Postgres (HOLDFAST_TEST_DATABASE_URL)", async () => {
    const onPglite = await stack.startIndexer(INDEXER_PORT);
    const onPostgres = await stack.startIndexer(INDEXER_PORT + 1, { databaseUrl: databaseUrl! });
    expect(await wholeReadModel(onPostgres.url)).to.deep.equal(await wholeReadModel(onPglite.url));
    await onPglite.stop();
    await onPostgres.stop();
  });

  it("says so if its port is taken, and leaves alone what listens there", async () => {
    const first = await stack.startIndexer(INDEXER_PORT);
    expect(await complaint(stack.startIndexer(INDEXER_PORT))).to.equal(
      `Port ${INDEXER_PORT} on 127.0.0.1 is taken: choose another, or stop what listens there.`,
    );
    expect(await askSql(first.url, "select 1 as one")).to.deep.equal([{ one: 1 }]);
    await first.stop();
  });

  it("stops with a sentence at what cannot be", async () => {
    const unknown = id("never created");
    await stack.suite.emit(["escrow", "PaymentFrozen", unknown, cast.officer, "who?"]);
    expect(await complaint(stack.startIndexer(INDEXER_PORT))).to.include(
      `is about payment ${unknown}, which no earlier event created.`,
    );
  });
});
