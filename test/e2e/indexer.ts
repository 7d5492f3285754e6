import { expect } from "chai";
import { id } from "ethers";

import { untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { databaseUrl, newDatabase } from "../../scripts/lib/production.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";
import { cast } from "../support/every-event.js";
import { askGraphql, askSql, wholeReadModel } from "../support/read-model.js";
import { hashTerms, termsOf } from "../support/terms.js";

const ANVIL_PORT = 21_546;
const INDEXER_PORT = 21_070;
const DATABASE = "holdfast_emitted";

describe("indexer", function () {
  this.timeout(180_000);

  let stack: EmittedStack;
  let database: { databaseDir: string };
  let indexer: Indexer;

  before(async () => {
    stack = await startEmittedStack(ANVIL_PORT);
    database = { databaseDir: await stack.newDatabaseDir() };
    indexer = await stack.startIndexer(INDEXER_PORT, database);
  });
  after(() => stack?.dispose());

  it("follows the chain while it runs", async () => {
    const { chainId, suite } = stack;
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
    await untilIndexed(indexer.url, chainId, block);
    const query = `{ payment(chainId: ${chainId}, paymentId: "${paymentId}") { status held } }`;
    expect(await askGraphql(indexer.url, query)).to.deep.equal({
      payment: { status: "Funded", held: "1000" },
    });
  });

  it("gives identical rows when it begins anew", async () => {
    const again = await stack.startIndexer(INDEXER_PORT + 1);
    const rows = await wholeReadModel(indexer.url);
    expect(Object.keys(rows)).to.have.length(20);
    for (const [table, its] of Object.entries(rows)) expect(its, table).to.not.be.empty;
    expect(await wholeReadModel(again.url)).to.deep.equal(rows);
    await again.stop();
  });

  const server = process.env.HOLDFAST_TEST_DATABASE_URL;
  (server ? it : it.skip)("gives identical rows on Postgres (HOLDFAST_TEST_DATABASE_URL)", async () => {
    await newDatabase(server!, DATABASE);
    const onPostgres = await stack.startIndexer(INDEXER_PORT + 1, {
      databaseUrl: databaseUrl(server!, DATABASE),
    });
    expect(await wholeReadModel(onPostgres.url)).to.deep.equal(await wholeReadModel(indexer.url));
    await onPostgres.stop();
  });

  it("says so if its port is taken, and leaves alone what listens there", async () => {
    const complaint = await stack.startIndexer(INDEXER_PORT).then(
      () => "no complaint",
      (error: Error) => error.message,
    );
    expect(complaint).to.equal(
      `Port ${INDEXER_PORT} on 127.0.0.1 is taken: choose another, or stop what listens there.`,
    );
    expect(await askSql(indexer.url, "select 1 as one")).to.deep.equal([{ one: 1 }]);
  });

  it("goes on where it was after a stop", async () => {
    const before = await wholeReadModel(indexer.url);
    await indexer.stop();
    await stack.suite.emit(["escrow", "Paused", cast.guardian, 2, 4_000_000_001, "while nobody looked"]);
    indexer = await stack.startIndexer(INDEXER_PORT, database);
    const after = await wholeReadModel(indexer.url);
    expect(after.pause!.map(({ reason }) => reason)).to.include("while nobody looked");
    for (const table of Object.keys(before)) {
      expect(after[table], table).to.include.deep.members(before[table]!);
    }
  });

  it("ends with a sentence at what cannot be", async () => {
    const unknown = id("never created");
    await stack.suite.emit(["escrow", "PaymentFrozen", unknown, cast.officer, "who?"]);
    expect(await indexer.ended).to.include(`is about payment ${unknown}, which no earlier event created.`);
  });
});
