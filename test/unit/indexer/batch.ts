import { setImmediate } from "node:timers/promises";

import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { eq, gt } from "drizzle-orm";
import { integer, jsonb, numeric, pgTable, text } from "drizzle-orm/pg-core";
import type { drizzle } from "drizzle-orm/pglite";

import { batched, batching, type Ask, type QueryBuilder } from "../../../indexer/src/api/batch.js";

const thing = pgTable("thing", {
  id: integer().notNull(),
  bigAmount: numeric().notNull(),
  word: text(),
  args: jsonb().notNull(),
  list: text().array().notNull(),
});
const MOST = String(2n ** 256n - 1n);
/** JavaScript prints it as it is, and counts with another. */
const ROUND = "652427500000000000000";

/** What the resolvers of generated lists do with the query builder. */
type Lists = Pick<ReturnType<typeof drizzle>, "select">;

/** A database in memory: some 2 s. */
describe("lists that are asked for at the same time", function () {
  this.timeout(60_000);

  let pglite: PGlite;
  let statements = 0;
  let texts: string[] = [];
  /** What the database answers instead of rows. */
  let failure: Error | undefined;
  let lists: Lists;
  /** Another request. */
  let stranger: () => Ask;

  before(async () => {
    pglite = await PGlite.create();
    await pglite.exec(`create table thing (id int, big_amount numeric(78), word text, args jsonb, list text[]);
      insert into thing select n, case n when 1 then ${MOST} when 2 then ${ROUND} else n end, nullif('$' || n, '$2'),
        '{"small": 1, "text": "9"}', array['0x' || n, '$1'] from generate_series(1, 250) n`);
    const counting = {
      query: (text: string, values: unknown[]) => {
        statements += 1;
        texts.push(text);
        if (failure) return Promise.reject(failure);
        return pglite.query(text, values);
      },
    };
    const qb: QueryBuilder = {
      raw: { $client: counting },
      $dialect: "pglite",
      wrap: () => undefined,
    };
    lists = batching({ thing })(qb, batched(qb)).raw as unknown as Lists;
    stranger = () => batched(qb);
  });
  after(() => pglite.close());
  beforeEach(() => {
    statements = 0;
    texts = [];
    failure = undefined;
  });

  const row = (n: number) => lists.select().from(thing).where(eq(thing.id, n));

  it("are one statement, and each gets its own rows", async () => {
    const answers = await Promise.all([
      row(2),
      row(1),
      row(999),
      lists.select().from(thing).where(gt(thing.id, 248)),
    ]);
    expect(statements).to.equal(1);
    expect(answers.map((rows) => rows.map(({ id }) => id))).to.deep.equal([[2], [1], [], [249, 250]]);
  });

  it("keep every kind of value as it is, and numbers exact", async () => {
    expect(await row(1)).to.deep.equal([
      { id: 1, bigAmount: MOST, word: "$1", args: { small: 1, text: "9" }, list: ["0x1", "$1"] },
    ]);
    expect((await row(2))[0]).to.include({ word: null, bigAmount: ROUND });
  });

  it("are as many statements as they must be when they are hundreds", async () => {
    const answers = await Promise.all(Array.from({ length: 250 }, (_, i) => row(i + 1)));
    expect(statements).to.equal(3);
    expect(answers.map(([found]) => found!.id)).to.deep.equal(Array.from({ length: 250 }, (_, i) => i + 1));
  });

  it("are read once where they are equal", async () => {
    const answers = await Promise.all([
      ...[7, 8, 7, 7].map(row),
      lists.select().from(thing).where(gt(thing.id, 249)),
    ]);
    expect(answers.map(([found]) => found!.id)).to.deep.equal([7, 8, 7, 7, 250]);
    expect(texts).to.have.length(1);
    expect(texts[0]!.match(/json_agg/g)).to.have.length(3);
    const alike = ["1", 1, null, "null"].map((value) =>
      stranger()({ text: "select $1::text as v", values: [value] }),
    );
    expect((await Promise.all(alike)).map(([found]) => found!.v)).to.deep.equal(["1", "1", null, "null"]);
  });

  it("do not spoil each other: one that fails, fails alone", async () => {
    const bad = lists.select().from(thing).where(eq(thing.bigAmount, "no number"));
    const [good, failed] = await Promise.allSettled([row(3), bad]);
    expect(good).to.have.nested.property("value[0].id", 3);
    expect(failed.status).to.equal("rejected");
  });

  it("are not asked for one by one when the database is short of time, locks, room or connections", async () => {
    for (const code of [
      "57014",
      "55P03",
      "40001",
      "53200",
      "53300",
      "08006",
      "XX000",
      "ECONNRESET",
      undefined,
    ]) {
      statements = 0;
      failure = Object.assign(new Error("canceling statement"), { code });
      const answers = await Promise.allSettled([row(1), row(2), row(3)]);
      expect(statements, code).to.equal(1);
      for (const answer of answers) expect(answer).to.have.property("reason", failure);
    }
  });

  it("are refused in words of ours where a value is wrong, and only there", async () => {
    const reasonOf = async (asked: Promise<unknown>) =>
      asked.then(
        () => undefined,
        (error: Error) => error,
      );
    const refused = await reasonOf(row(NaN));
    expect(refused).to.have.nested.property("extensions.code", "BAD_USER_INPUT");
    expect(refused!.message).to.match(
      /^A value in the question is none that its column can be compared with/,
    );
    for (const [code, isOurs] of Object.entries({
      "22P05": true,
      42883: true,
      "42P01": false,
      42501: false,
    })) {
      failure = Object.assign(new Error("in the words of a driver"), { code });
      expect((await reasonOf(row(1))) === failure, code).to.equal(!isOurs);
    }
  });

  describe("by several requests", () => {
    const wordOf = (id: number) => ({ text: "select word from thing where id = $1", values: [id] });

    it("are one statement where they are alike", async () => {
      const answers = await Promise.all([
        stranger()(wordOf(1)),
        stranger()(wordOf(3)),
        stranger()(wordOf(1)),
      ]);
      expect(statements).to.equal(2);
      expect(answers).to.deep.equal([[{ word: "$1" }], [{ word: "$3" }], [{ word: "$1" }]]);
    });

    it("are sent anew for whoever asks after it was sent", async () => {
      const first = stranger()(wordOf(4));
      // Two turns: in the first it is sent.
      await setImmediate();
      await setImmediate();
      await pglite.query("update thing set word = 'changed' where id = 4");
      expect(await Promise.all([stranger()(wordOf(4)), first])).to.deep.equal([
        [{ word: "changed" }],
        [{ word: "$4" }],
      ]);
      expect(statements).to.equal(2);
    });

    it("fail for all who asked, and not for those who ask later", async () => {
      const bad = { text: "select * from nothing", values: [] };
      const asked = await Promise.allSettled([stranger()(bad), stranger()(bad)]);
      expect(asked.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
      await pglite.exec("create table nothing (n int)");
      expect(await stranger()(bad)).to.deep.equal([]);
    });
  });
});
