import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { QUESTION_NAMES, QUESTIONS } from "../../bench/lib/querying/questions.js";
import { openSql, type Sql } from "../../bench/lib/querying/sql.js";
import { variablesOf, withCursors } from "../../bench/lib/querying/variables.js";
import type { Indexer } from "../../scripts/lib/indexer.js";
import { freePort } from "../../scripts/lib/processes.js";
import { ReadModel } from "../../scripts/lib/read-model.js";
import { noPostgres, Postgres } from "../../scripts/lib/postgres.js";
import { startEmittedStack } from "../support/emitted-stack.js";
import { LOGS_PLANS, PLANS_FILE, plansDuring, stepsOf } from "../support/plans.js";

const SCHEMA = "holdfast";
/** Tables that grow with the payments. */
const LARGE = ["payment", "payment_event", "ledger_entry"];

/**
 * Rows like those of a year, each made of one that is there: no two payments have the same terms, a party has some
 * hundred of them, one in thirty is still open.
 */
const MANY_ROWS = `
  set session_replication_role = replica;
  insert into payment select made.* from generate_series(1, 12000) i,
    lateral (select * from payment where status = 'Funded' order by payment_id limit 1) p,
    jsonb_populate_record(null::payment, to_jsonb(p) || jsonb_build_object(
      'payment_id', '0x' || repeat(md5(i::text), 2), 'payment_reference', '0x' || repeat(md5((i / 4)::text), 2),
      'seller', '0x' || lpad((i % 100)::text, 40, '0'), 'buyer', '0x' || lpad((i % 300)::text, 40, '1'),
      'created_at', i * 12, 'deadline', i * 12 + 3600, 'updated_block', i,
      'status', case when i % 30 = 0 then 'Funded' else 'Closed' end)) made;
  insert into payment_event select made.* from generate_series(1, 36000) i,
    lateral (select * from payment_event limit 1) e,
    jsonb_populate_record(null::payment_event, to_jsonb(e) || jsonb_build_object(
      'payment_id', '0x' || repeat(md5((i / 3)::text), 2), 'block', 1000 + i, 'log_index', 0)) made;
  insert into ledger_entry select made.* from generate_series(1, 36000) i,
    lateral (select * from ledger_entry limit 1) l,
    jsonb_populate_record(null::ledger_entry, to_jsonb(l) || jsonb_build_object(
      'account', 'wallet:0x' || lpad((i % 100)::text, 40, '0'), 'block', 1000 + i, 'log_index', 0)) made;
  analyze;`;

(noPostgres ? describe.skip : describe)(`plans of the most asked questions (needs Postgres)`, function () {
  this.timeout(180_000);

  const cleanup = new AsyncDisposableStack();
  let log: string;
  let sql: Sql;
  let indexer: Indexer;

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-plans-"));
    log = join(directory, "data", PLANS_FILE);
    const server = await Postgres.start(directory, LOGS_PLANS);
    cleanup.defer(() => server.stop());
    const stack = await startEmittedStack(await freePort());
    cleanup.defer(() => stack.dispose());
    const databaseUrl = await server.newDatabase("plans");
    indexer = await stack.startIndexer(await freePort(), { databaseUrl });
    sql = cleanup.use(await openSql({ options: { databaseUrl } }, SCHEMA, 1));
    for (const statement of MANY_ROWS.split(";").filter((text) => text.trim())) await sql.query(statement);
  });
  after(() => cleanup.disposeAsync());

  for (const name of QUESTION_NAMES) {
    const question = QUESTIONS[name];
    it(`${question.title}: answered from indexes`, async () => {
      const readModel = new ReadModel(indexer.url);
      const [variables] = await withCursors(
        question,
        (await variablesOf(question, sql)).slice(0, 1),
        readModel,
      );
      const plans = await plansDuring(
        log,
        (mark) => sql.query(`select '${mark}'`),
        () => readModel.ask(question.graphql, variables),
      );
      const steps = plans.flatMap(({ Plan }) => stepsOf(Plan));
      const table = name === "tokenTotals" ? "token" : name === "statement" ? "ledger_entry" : "payment";
      expect(steps.map((step) => step["Relation Name"])).to.include(table);
      const scans = steps.filter((step) => step["Node Type"] === "Seq Scan");
      expect(scans.map((step) => step["Relation Name"])).to.not.include.oneOf(LARGE);
    });
  }

  it("a question without an index is seen", async () => {
    const readModel = new ReadModel(indexer.url);
    const plans = await plansDuring(
      log,
      (mark) => sql.query(`select '${mark}'`),
      () => readModel.ask(`{ payments(where: { amount: "7" }) { items { paymentId } } }`),
    );
    const scans = plans
      .flatMap(({ Plan }) => stepsOf(Plan))
      .filter((step) => step["Node Type"] === "Seq Scan");
    expect(scans.map((step) => step["Relation Name"])).to.include("payment");
  });
});
