import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { promisify } from "node:util";

import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";

import { differingRows, Tables } from "../../scripts/lib/tables.js";
import { databaseUrl, newDatabase } from "../../scripts/lib/production.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";

const ANVIL_PORT = 21_547;
const INDEXER_PORT = 21_071;
const DATABASE = "holdfast_replay";

const server = process.env.HOLDFAST_TEST_DATABASE_URL ?? "";

/** One start of the indexer, and one more for every replay: some 20 s each. */
describe("replaying the logs", function () {
  this.timeout(240_000);

  let stack: EmittedStack;
  let databaseDir: string;

  before(async () => {
    stack = await startEmittedStack(ANVIL_PORT);
    databaseDir = await stack.newDatabaseDir();
    const indexer = await stack.startIndexer(INDEXER_PORT, { databaseDir });
    await indexer.stop();
    // What happens after the database came to rest is not to be replayed.
    await stack.suite.emit(["escrow", "Paused", stack.suite.addresses.escrow, 2, 4_000_000_001, "later"]);
  });
  after(() => stack?.dispose());

  const replay = (database: string) =>
    promisify(execFile)("npx", ["hardhat", "replay", "--database", database], {
      env: {
        ...process.env,
        HOLDFAST_RECORDS_DIR: stack.suite.recordsDir,
        PONDER_RPC_URL_31337: `http://127.0.0.1:${ANVIL_PORT}`,
      },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  const edit = async (sql: string) => {
    const pglite = await PGlite.create(databaseDir);
    // Without Ponder's triggers, which tell whoever listens to it.
    await pglite.exec(`set search_path = holdfast; set session_replication_role = replica; ${sql}`);
    await pglite.close();
  };

  it("gives every table again, byte for byte", async () => {
    const { code, stdout, stderr } = await replay(databaseDir);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(stdout).to.include("The replay is identical, byte for byte.");
    expect(stdout.match(/ rows {2}[0-9a-f]{64}$/gm)).to.have.length(20);
    expect(stdout).to.match(/^payment +17 rows/m);
  });

  (server ? it : it.skip)("gives a Postgres again too (HOLDFAST_TEST_DATABASE_URL)", async () => {
    await newDatabase(server, DATABASE);
    const url = databaseUrl(server, DATABASE);
    const indexer = await stack.startIndexer(INDEXER_PORT, { databaseUrl: url });
    await indexer.stop();
    const { code, stdout, stderr } = await replay(url);
    expect(stderr).to.equal("");
    expect(stdout).to.include("The replay is identical, byte for byte.");
    expect(code).to.equal(0);
  });

  it("leaves a row in some timeline for every log: with its block, its transaction and its place", async () => {
    const { provider, addresses } = stack.suite;
    await using tables = await Tables.open({ databaseDir });
    const toBlock = (await tables.blocks()).get(stack.chainId)!;
    const seen = new Set<string>();
    for (const table of ["payment_event", "admin_event", "compliance_decision", "ledger_entry"]) {
      for await (const row of tables.rows(table)) {
        const { block, log_index, transaction_hash } = JSON.parse(row) as Record<string, string | number>;
        seen.add(`${block}-${log_index}-${transaction_hash}`);
      }
    }
    const logs = await provider.getLogs({ address: Object.values(addresses), fromBlock: 0, toBlock });
    expect(logs).to.have.length(stack.story.events.length);
    for (const { blockNumber, index, transactionHash } of logs) {
      expect(seen).to.include(`${blockNumber}-${index}-${transactionHash}`);
    }
  });

  it("names the first row that somebody changed, and ends with 1", async () => {
    const { paymentId } = stack.story.payments.operated;
    await edit(`update payment set held = held + 1 where payment_id = '${paymentId}'`);
    const { code, stdout } = await replay(databaseDir);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^payment differs at row \d+\.$/m);
    expect(stdout).to.match(new RegExp(`the database: .*${paymentId}.*"held":4801,`));
    expect(stdout).to.match(new RegExp(`the replay: .*${paymentId}.*"held":4800,`));
    expect(stdout).to.include("1 tables differ");
  });

  it("refuses a directory that is not there with a sentence, and ends with 2", async () => {
    const { code, stderr } = await replay("/nowhere/at/all");
    expect(code).to.equal(2);
    expect(stderr.trim()).to.equal("There is no directory /nowhere/at/all.");
  });

  it("finds nothing between a database and itself, and a lost row by its place", async () => {
    const copy = await stack.newDatabaseDir();
    await cp(databaseDir, copy, { recursive: true });
    await edit("delete from dispute where n = 2");
    await using left = await Tables.open({ databaseDir: copy });
    expect(await differingRows(left, left)).to.deep.equal([]);
    await using right = await Tables.open({ databaseDir });
    const [difference, ...others] = await differingRows(left, right);
    expect(others).to.deep.equal([]);
    expect(difference).to.include({ table: "dispute" });
    expect(difference!.left).to.include('"n":2');
  });
});
