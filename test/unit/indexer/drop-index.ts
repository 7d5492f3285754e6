import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect } from "chai";

import { whatIsMissing } from "../../../scripts/drill/stack/missing.js";
import { noPostgres, Postgres } from "../../../scripts/lib/postgres.js";

const run = promisify(execFile);
const missing = noPostgres ?? whatIsMissing().find((program) => program.includes("no psql"));

(missing === undefined ? describe : describe.skip)("removing an index that nobody reads any more", () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
    await postgres.newDatabase("index");
  });
  after(() => postgres.stop());

  const drop = (schema: string) =>
    run("psql", [
      ...["--no-psqlrc", "--set", `schema=${schema}`],
      ...["--file", "indexer/database/drop-index.sql", postgres.url("index")],
    ]).then(
      ({ stdout }) => stdout.trim(),
      ({ stderr }: { stderr: string }) => stderr,
    );
  const answer = (statement: string) => postgres.query("index", statement);

  beforeEach(() =>
    answer(`
      drop schema if exists "Index_1" cascade; drop schema if exists holdfast cascade;
      create schema "Index_1"; create schema holdfast;
      drop schema if exists mine cascade; create schema mine;
      create table "Index_1"._ponder_meta (key text, value jsonb);
      insert into "Index_1"._ponder_meta values ('app', '{"is_locked": 0, "heartbeat_at": 0}');
      create sequence "Index_1".operations;
      create function "Index_1".noted() returns trigger language plpgsql as 'begin return null; end';
      create type "Index_1".status as enum ('Funded', 'Closed');
      create table "Index_1".payment (id int primary key, status "Index_1".status);
      create table "Index_1".event (payment int references "Index_1".payment);
      create view "Index_1".funded as select * from "Index_1".payment where status = 'Funded';
      insert into "Index_1".payment values (1, 'Funded')`),
  );

  it("is refused while consumers' views read it, and leaves everything as it was", async () => {
    await answer(`create view holdfast.payment as select * from "Index_1".payment`);
    expect(await drop("Index_1")).to.match(
      /cannot drop desired object\(s\) because other objects depend on them/,
    );
    expect(await answer(`select count(*) from holdfast.payment`)).to.equal("1");
    expect(await answer(`select count(*) from "Index_1".funded`)).to.equal("1");
  });

  const OF_OTHERS = {
    "a column of its type": 'create table mine.list (status "Index_1".status)',
    "a default of its sequence": `create table mine.list (n int default nextval('"Index_1".operations'))`,
    "a trigger of its function":
      'create table mine.list (n int); create trigger t after insert on mine.list execute function "Index_1".noted()',
    "a materialised view": 'create materialized view mine.list as select * from "Index_1".payment',
  };
  for (const [what, statement] of Object.entries(OF_OTHERS)) {
    it(`is refused while others have ${what}`, async () => {
      await answer(statement);
      expect(await drop("Index_1")).to.match(/cannot drop .* because other objects depend on/);
      expect(
        await answer("select count(*) from information_schema.columns where table_name = 'list'"),
      ).to.not.equal("");
      expect(await answer(`select to_regclass('mine.list') is not null`)).to.equal("t");
      expect(await answer(`select count(*) from "Index_1".payment`)).to.equal("1");
    });
  }

  it("is refused of what is no index, such as consumers' views, and of one that is being written", async () => {
    await answer(`create view holdfast._ponder_meta as select * from "Index_1"._ponder_meta`);
    for (const schema of ["holdfast", "mine"])
      expect(await drop(schema)).to.include(`The schema "${schema}" is no index`);
    await answer(
      `update "Index_1"._ponder_meta set value = '{"is_locked": 1, "heartbeat_at": ${Date.now()}}'; drop view holdfast._ponder_meta`,
    );
    expect(await drop("Index_1")).to.include('An indexer writes "Index_1": stop it');
    await answer(
      `update "Index_1"._ponder_meta set value = '{"is_locked": 1, "heartbeat_at": ${Date.now() - 26_000}}'`,
    );
    expect(await drop("Index_1")).to.equal('"Index_1" is gone.');
  });

  it("removes all of it when nobody does", async () => {
    expect(await drop("Index_1")).to.equal('"Index_1" is gone.');
    expect(await answer(`select to_regnamespace('"Index_1"') is null`)).to.equal("t");
  });

  it("says so where there is none", async () => {
    expect(await drop("index_2")).to.include('There is no schema "index_2".');
  });
});
