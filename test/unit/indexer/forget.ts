import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";

import { Finals } from "../../../indexer/guard/finals.js";
import type { Query } from "../../../scripts/lib/indexing/database.js";
import {
  dropIndex,
  forgetDeadBranch,
  isBeingWritten,
  requireUnshown,
} from "../../../scripts/lib/indexing/forget.js";

const CHAIN = 7;
const hashOf = (number: number, branch = "main") => `0x${branch}${number}` as const;

/** The chain has left its old branch after block 20. */
const forked = (number: number) => Promise.resolve(hashOf(number, number > 20 ? "other" : "main"));
const same = (number: number) => Promise.resolve(hashOf(number));

describe("making an index anew", function () {
  this.timeout(30_000);

  let database: PGlite;
  const query: Query = async (sql, values) =>
    (await database.query<Record<string, unknown>>(sql, values)).rows;

  before(async () => {
    database = await PGlite.create();
  });
  after(() => database.close());
  beforeEach(async () => {
    const byBlock = ["transactions", "transaction_receipts", "logs", "traces", "rpc_request_results"];
    await database.exec(`
      drop schema if exists ponder_sync cascade; drop schema if exists holdfast cascade;
      create schema ponder_sync; create schema holdfast;
      create table ponder_sync.blocks (chain_id bigint, number bigint, hash text);
      ${byBlock.map((name) => `create table ponder_sync.${name} (chain_id bigint, block_number bigint);`).join("")}
      create table ponder_sync.intervals (fragment_id text, chain_id bigint, blocks nummultirange);
      create table holdfast._ponder_meta (value jsonb);
      insert into ponder_sync.intervals values ('a', ${CHAIN}, '{[0,11],[15,41]}'), ('b', 8, '{[0,41]}'), ('c', ${CHAIN}, '{[21,41]}');
    `);
    for (const number of [5, 10, 20, 30, 40]) {
      await query("insert into ponder_sync.blocks values ($1, $2, $3), (8, $2, $3)", [
        CHAIN,
        number,
        hashOf(number),
      ]);
      await query("insert into ponder_sync.logs values ($1, $2)", [CHAIN, number]);
    }
  });

  const kept = async () => ({
    blocks: (
      await query("select number from ponder_sync.blocks where chain_id = $1 order by 1", [CHAIN])
    ).map(({ number }) => Number(number)),
    logs: (await query("select block_number from ponder_sync.logs order by 1")).map(({ block_number }) =>
      Number(block_number),
    ),
    intervals: Object.fromEntries(
      (await query("select fragment_id, blocks from ponder_sync.intervals")).map((row) => [
        String(row.fragment_id),
        row.blocks,
      ]),
    ) as Record<string, unknown>,
  });

  it("forgets nothing that the chain still has", async () => {
    const before = await kept();
    expect(await forgetDeadBranch(query, "holdfast", CHAIN, same)).to.equal(undefined);
    expect(await kept()).to.deep.equal(before);
  });

  it("forgets what is kept of a branch that the chain has left, and of no other chain", async () => {
    expect(await forgetDeadBranch(query, "holdfast", CHAIN, forked)).to.deep.equal({ after: 20, blocks: 2 });
    expect(await kept()).to.deep.equal({
      blocks: [5, 10, 20],
      logs: [5, 10, 20],
      intervals: { a: "{[0,11],[15,21]}", b: "{[0,41]}" },
    });
    const others = await query("select count(*)::int as n from ponder_sync.blocks where chain_id = 8");
    expect(others).to.deep.equal([{ n: 5 }]);
  });

  it("forgets it also if only the index's final block tells, since nothing is kept of most blocks", async () => {
    const finals = new Finals((sql, values) => database.query(sql, values), "holdfast");
    await finals.noted();
    await finals.note({ chainId: CHAIN, number: 45, hash: "0xgone" });
    expect(await forgetDeadBranch(query, "holdfast", CHAIN, same)).to.deep.equal({ after: 40, blocks: 0 });
  });

  it("forgets the dead branch also where what was asked for after it is kept above it", async () => {
    const finals = new Finals((sql, values) => database.query(sql, values), "holdfast");
    await finals.noted();
    await finals.note({ chainId: CHAIN, number: 30, hash: hashOf(30) });
    await query("update ponder_sync.blocks set hash = $1 where chain_id = $2 and number = 40", [
      hashOf(40, "other"),
      CHAIN,
    ]);
    expect(await forgetDeadBranch(query, "holdfast", CHAIN, forked)).to.deep.include({ after: 20 });
    expect((await kept()).blocks).to.deep.equal([5, 10, 20]);
  });

  it("forgets all of it or nothing", async () => {
    await database.exec("alter table ponder_sync.intervals drop column blocks");
    let failed = false;
    await forgetDeadBranch(query, "holdfast", CHAIN, forked).catch(() => (failed = true));
    expect(failed).to.equal(true);
    const logs = await query("select block_number from ponder_sync.logs");
    expect(logs).to.have.length(5);
  });

  it("is refused where consumers read the index by views, and in their schema", async () => {
    await requireUnshown(query, "holdfast");
    await requireUnshown(query, "nothing");
    await database.exec(`
      drop schema if exists shown cascade; create schema shown;
      create table holdfast._ponder_checkpoint (chain_id bigint);
      create view shown._ponder_checkpoint as select * from holdfast._ponder_checkpoint;
      create view shown._ponder_meta as select * from holdfast._ponder_meta`);
    for (const schema of ["holdfast", "shown"]) {
      const fault = await requireUnshown(query, schema).then(
        () => "",
        ({ message }: Error) => message,
      );
      expect(fault, schema).to.include(`Consumers read "${schema}" by views`).and.include("--keep-index");
      expect(fault, schema).to.include("  shown");
    }
  });

  it("drops the index and says if there is none", async () => {
    expect(await dropIndex(query, "holdfast")).to.equal(true);
    expect(await dropIndex(query, "holdfast")).to.equal(false);
  });

  it("knows a writer by a sign of life within the last 25 s", async () => {
    const written = async (locked: number, ago: number) => {
      await query("delete from holdfast._ponder_meta");
      const value = { is_locked: locked, heartbeat_at: 100_000 - ago };
      await query("insert into holdfast._ponder_meta values ($1)", [JSON.stringify(value)]);
      return await isBeingWritten(query, "holdfast", 100_000);
    };
    expect(await written(1, 1_000)).to.equal(true);
    expect(await written(1, 26_000)).to.equal(false);
    expect(await written(0, 1_000)).to.equal(false);
  });
});
