import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { drizzle } from "drizzle-orm/pglite";
import { graphql, type ExecutionResult, type GraphQLSchema } from "graphql";
import { onchainEnum, onchainTable, primaryKey, relations } from "ponder";

import { batched, batching, type QueryBuilder } from "../../../indexer/src/api/batch.js";
import { buildDataLoaderCache, buildGraphQLSchema } from "../../../indexer/src/api/generated.js";
import { withQuickLists } from "../../../indexer/src/api/lists/index.js";

const state = onchainEnum("state", ["Open", "Closed"]);
const thing = onchainTable(
  "thing",
  (t) => ({
    chainId: t.integer().notNull(),
    thingId: t.hex().notNull(),
    state: state("state").notNull(),
    bigAmount: t.bigint().notNull(),
    closedAt: t.bigint(),
    isHeld: t.boolean().notNull(),
    partIds: t.hex().array(),
    extra: t.json(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.thingId] }) }),
);
const part = onchainTable(
  "part",
  (t) => ({
    chainId: t.integer().notNull(),
    thingId: t.hex().notNull(),
    n: t.integer().notNull(),
    note: t.text(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.thingId, table.n] }) }),
);
const thingRelations = relations(thing, ({ many }) => ({ parts: many(part) }));
const partRelations = relations(part, ({ one }) => ({
  thing: one(thing, { fields: [part.chainId, part.thingId], references: [thing.chainId, thing.thingId] }),
}));
const schema = { state, thing, part, thingRelations, partRelations };

const FIELDS = "chainId thingId state bigAmount closedAt isHeld partIds";
/** What the questions here are answered with. */
interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string;
  endCursor: string;
}
type Answer = ExecutionResult<{
  things: { items: Record<string, unknown>[]; pageInfo: PageInfo };
}>;
const PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

/** A database in memory: some 2 s. */
describe("lists that are answered in ready pieces", function () {
  this.timeout(60_000);

  let pglite: PGlite;
  let statements: string[] = [];
  const generated = buildGraphQLSchema({ schema });
  const quick = withQuickLists(buildGraphQLSchema({ schema }), schema);

  before(async () => {
    pglite = await PGlite.create();
    await pglite.exec(`create type state as enum ('Open', 'Closed');
      create table thing (chain_id int, thing_id text, state state, big_amount numeric(78), closed_at numeric(78),
        is_held bool, part_ids text[], extra json, primary key (chain_id, thing_id));
      create table part (chain_id int, thing_id text, n int, note text, primary key (chain_id, thing_id, n));
      insert into thing select 1 + n % 2, '0x' || lpad(to_hex(n), 4, '0'), (array['Open', 'Closed'])[1 + n % 2]::state,
        (n % 5) * 10::numeric ^ 30 + n % 3, nullif(n % 4, 0) * 7, n % 2 = 0, array['0x' || n] from generate_series(1, 60) n;
      insert into part select 1 + n % 2, '0x' || lpad(to_hex(n), 4, '0'), m, 'part ' || m
        from generate_series(1, 60) n, generate_series(1, n % 4) m`);
  });
  after(() => pglite.close());
  beforeEach(() => (statements = []));

  function ask(graphqlSchema: GraphQLSchema, source: string): Promise<Answer> {
    const { $client, ...raw } = drizzle(pglite, { casing: "snake_case" });
    const counting = Object.create($client, {
      query: {
        value: (text: string, values: unknown[]) => {
          statements.push(text);
          return $client.query(text, values);
        },
      },
    }) as PGlite;
    const qb: QueryBuilder = {
      raw: { ...raw, $client: counting },
      $dialect: "pglite",
      wrap: () => undefined,
    };
    const together = batched(qb);
    const context = { ask: together, qb: batching(schema)(qb, together) };
    const contextValue = { ...context, getDataLoader: buildDataLoaderCache(context.qb) };
    return graphql({ schema: graphqlSchema, source, contextValue }) as Promise<Answer>;
  }

  /** What both answer to a question; fails if it is not the same. */
  async function asGenerated(source: string): Promise<Answer> {
    const [mine, theirs] = [await ask(quick, source), await ask(generated, source)];
    const plain = (result: ExecutionResult) => JSON.parse(JSON.stringify(result)) as Answer;
    expect(plain(mine), source).to.deep.equal(plain(theirs));
    return plain(mine);
  }
  const things = (args: string, more = PAGE) =>
    `{ things${args && `(${args})`} { items { ${FIELDS} } ${more} } }`;

  const WHERES = [
    "",
    "where: { chainId: 1 }",
    'where: { state: Open, bigAmount_gte: "1000000000000000000000000000000" }',
    'where: { bigAmount_gt: "0", bigAmount_lte: "2000000000000000000000000000001", isHeld: true }',
    'where: { closedAt_lt: "20", chainId_gt: 0 }',
    'where: { thingId: "0x000A" }',
    "where: { chainId: 9 }",
  ];
  const ORDERS = [
    "",
    'orderBy: "bigAmount"',
    'orderBy: "thingId", orderDirection: "desc"',
    'orderBy: "chainId"',
  ];
  ORDERS.push('orderBy: "bigAmount", orderDirection: "desc"', 'orderDirection: "desc"');

  for (const where of WHERES) {
    it(`are those that Ponder generates, to their last page: ${where || "all"}`, async () => {
      for (const order of ORDERS) {
        let after = "";
        for (let pages = 0; ; ++pages) {
          const { data } = await asGenerated(
            things([where, order, "limit: 17", after].filter(Boolean).join(", ")),
          );
          const { hasNextPage, endCursor } = data!.things.pageInfo;
          if (!hasNextPage) break;
          expect(pages).to.be.below(4);
          after = `after: "${endCursor}"`;
        }
      }
    });
  }

  const FILTERED = {
    "other comparisons": 'where: { OR: [{ chainId: 1 }, { thingId_contains: "f" }], state_not: Open }',
    "a list of values": "where: { chainId_in: [2, 3], state_in: [Open] }",
    "a column that is a list": 'where: { partIds_has: "0x7" }',
    "that column as a whole": 'where: { partIds: ["0x7"] }',
    "a pattern with a backslash": 'where: { thingId_not_ends_with: "\\\\\\\\" }',
    "not that column": 'where: { partIds_not: ["0x7"], partIds_not_has: "0x8" }',
    "what is not in it": "where: { chainId_not_in: [2, 3], state_not_in: [] }",
    "nothing to be in": "where: { state_in: [] }",
    "what is not null, nor some value": 'where: { closedAt_not: null, bigAmount_not: "1" }',
    "conditions in conditions":
      "where: { AND: [{ OR: [{ isHeld: true }, { AND: [{ chainId: 1 }, { isHeld: false }] }] }, {}, { AND: [] }] }",
    ...Object.fromEntries(
      ["contains", "starts_with", "ends_with"].flatMap((name) =>
        ["", "_not"].map((not) => [
          `${not}_${name}`,
          `where: { thingId${not}_${name}: "${name === "starts_with" ? "0x00" : "_a"}" }`,
        ]),
      ),
    ),
  };
  for (const [what, args] of Object.entries(FILTERED)) {
    it(`are those that Ponder finds by ${what}, and as many`, async () => {
      const { data } = await asGenerated(things(`${args}, limit: 7`, `totalCount ${PAGE}`));
      const { hasNextPage, endCursor } = data!.things.pageInfo;
      if (hasNextPage) await asGenerated(things(`${args}, after: "${endCursor}"`, `totalCount ${PAGE}`));
    });
  }

  it("are those that Ponder finds by a pattern of texts, in the very case or in any", async () => {
    for (const name of ["contains", "starts_with", "ends_with"])
      for (const not of ["", "not_"])
        for (const [end, pattern] of [
          ["", "part"],
          ["", "Part"],
          ["_nocase", "PART"],
          ["_nocase", "T 2"],
        ]) {
          const { errors } = await asGenerated(
            `{ parts(where: { note_${not}${name}${end}: "${pattern}" }) { totalCount items { note } } }`,
          );
          expect(errors).to.equal(undefined);
        }
  });

  it("begin at an offset, and go on from there by a cursor", async () => {
    const flags = "pageInfo { hasNextPage hasPreviousPage }";
    await asGenerated(things("offset: 55", flags));
    await asGenerated(things("offset: 3, limit: 4", flags));
    const { data } = await ask(quick, things("offset: 3, limit: 4"));
    const [, , , fourth, ...others] = (await ask(quick, things("limit: 9"))).data!.things.items;
    expect(data!.things.items[0]).to.deep.equal(fourth);
    const next = await ask(quick, things(`after: "${data!.things.pageInfo.endCursor}", limit: 2`));
    expect(next.data!.things.items).to.deep.equal(others.slice(3));
  });

  it("are counted without being read, and read backwards", async () => {
    await asGenerated(things("limit: 0", `totalCount ${PAGE}`));
    statements = [];
    const { data: counted } = await ask(quick, "{ things(where: { chainId: 1 }) { totalCount } }");
    expect(counted).to.deep.equal({ things: { totalCount: 30 } });
    expect(statements).to.have.length(1);
    const { data } = await asGenerated(things('limit: 9, orderBy: "bigAmount"'));
    for (const limit of [0, 5, 8, 9, 20]) {
      const { endCursor } = data!.things.pageInfo;
      await asGenerated(things(`limit: ${limit}, orderBy: "bigAmount", before: "${endCursor}"`));
    }
  });

  it("begin to read at the cursor also among what is empty", async () => {
    const { data } = await ask(quick, things('orderBy: "closedAt", limit: 3'));
    statements = [];
    await ask(quick, things(`orderBy: "closedAt", after: "${data!.things.pageInfo.endCursor}"`));
    const columns = '"thing"."closed_at", "thing"."chain_id", "thing"."thing_id"';
    expect(statements[0]).to.match(
      /^select \* from \(\(.* limit 52\) union all \(.* limit 52\)\) t order by /,
    );
    expect(statements[0]).to.contain(`where (${columns}) >= ($1, $2, $3) order by ${columns} limit 52`);
    expect(statements[0]).to.contain(`where "thing"."closed_at" is null order by ${columns} limit 52`);
  });

  it("take what an item of OR says together, in whatever it stands", async () => {
    const { data } = await ask(
      quick,
      things("where: { OR: [{ chainId: 1, isHeld: false }, { chainId: 2, isHeld: true }] }", "totalCount"),
    );
    expect(data).to.have.nested.property("things.totalCount", 0);
  });

  it("find parts of addresses and hashes in whatever case", async () => {
    const { data } = await ask(quick, things('where: { thingId_ends_with: "0A", thingId_contains: "X00" }'));
    expect(data!.things.items.map(({ thingId }) => thingId)).to.deep.equal(["0x000a"]);
  });

  for (const [direction, nullsAt] of [
    ["asc", 45],
    ["desc", 0],
  ] as const) {
    it(`go through what is empty as well, ${direction}, forwards and back`, async () => {
      const order = `orderBy: "closedAt", orderDirection: "${direction}"`;
      const all = (await asGenerated(things(`${order}, limit: 100`))).data!.things.items;
      expect(all.findIndex(({ closedAt }) => closedAt === null)).to.equal(nullsAt);
      const page = async (way: string, cursor: string) =>
        (await ask(quick, things(`${order}, limit: 11, ${way}: "${cursor}"`))).data!.things;
      const first = (await ask(quick, things(`${order}, limit: 1`))).data!.things;
      const there = [...first.items];
      let last = first.pageInfo;
      while (last.hasNextPage) {
        const { items, pageInfo } = await page("after", last.endCursor);
        there.push(...items);
        last = pageInfo;
      }
      expect(there).to.deep.equal(all);
      const back: typeof all = [];
      let cursor = last.endCursor;
      for (;;) {
        const { items, pageInfo } = await page("before", cursor);
        back.unshift(...items);
        if (!pageInfo.hasPreviousPage) break;
        cursor = pageInfo.startCursor;
      }
      expect(back).to.deep.equal(all.slice(0, -1));
    });
  }

  it("find what is null, of a list too, where Ponder finds nothing", async () => {
    const { data } = await asGenerated(things("where: { closedAt: null }"));
    expect(data!.things.items).to.have.length(15);
    await pglite.query("update thing set part_ids = null where thing_id = '0x0003'");
    const found = (await ask(quick, things("where: { partIds: null }"))).data!;
    expect(found.things.items.map(({ thingId }) => thingId)).to.deep.equal(["0x0003"]);
    const others = (await ask(quick, things("where: { partIds_not: null }, limit: 100"))).data!;
    expect(others.things.items).to.have.length(59);
    expect(others.things.items.map(({ thingId }) => thingId)).to.not.include("0x0003");
  });

  it("find one row by its key, in whatever case, or nothing", async () => {
    const { data } = await asGenerated(
      `{ a: thing(chainId: 1, thingId: "0x000A") { ${FIELDS} } b: thing(chainId: 1, thingId: "0x0a") { chainId } }`,
    );
    expect(data).to.have.nested.property("a.thingId", "0x000a");
    expect(data).to.have.property("b", null);
  });

  it("belong to the row that they are asked of, all in one statement", async () => {
    const parts =
      'parts(limit: 2, orderDirection: "desc") { items { n note thing { bigAmount } } pageInfo { hasNextPage } }';
    const source = `{ things(limit: 30) { items { bigAmount ${parts} } } }`;
    await asGenerated(source);
    statements = [];
    await ask(quick, source);
    expect(statements).to.have.length(3);
  });

  it("read the columns that are asked for, by whatever way, and no others", async () => {
    const source = `query { things(limit: 1) { items { ... { held: isHeld } ...F } } thing(chainId: 1, thingId: "0x0002") { state } }
      fragment F on thing { parts(limit: 1) { items { note thing { state } } } __typename }`;
    await asGenerated(source);
    statements = [];
    await ask(quick, source);
    const [first, second] = statements;
    expect(first)
      .to.match(/chain_id.*thing_id.*is_held/)
      .and.not.match(/big_amount|closed_at/);
    expect(second).to.match(/chain_id.*thing_id.*note/);
  });

  it("are answered at once when fragments spread each other twice", async () => {
    const fragments = Array.from(
      { length: 95 },
      (_, i) => `fragment F${i} on thing { ...F${i + 1} ...F${i + 1} }`,
    );
    const bomb = `{ things(limit: 1) { items { ...F0 } } } ${fragments.join(" ")} fragment F95 on thing { bigAmount }`;
    const { data } = await ask(quick, bomb);
    expect(data!.things.items).to.have.length(1);
  });

  it("read from the cursor on, so that the hundredth page costs what the first does", async () => {
    const { data } = await asGenerated(things('orderBy: "bigAmount", limit: 3'));
    statements = [];
    await ask(quick, things(`orderBy: "bigAmount", after: "${data!.things.pageInfo.endCursor}"`));
    expect(statements[0]).to.contain(
      `("thing"."big_amount", "thing"."chain_id", "thing"."thing_id") >= ($1, $2, $3)`,
    );
  });

  describe("count all that there are", () => {
    const IN_FRAGMENTS = "fragment F on thingPage { ...G } fragment G on thingPage { totalCount }";
    const WAYS = {
      "in a fragment": `{ things(where: { chainId: 1 }, limit: 2) { ...F } } ${IN_FRAGMENTS}`,
      "in one without a name":
        "{ things(where: { chainId: 1 }, limit: 2) { ... on thingPage { ... { totalCount } } } }",
      "once asked, once left out":
        "{ things(where: { chainId: 1 }, limit: 2) { totalCount @skip(if: true) ... { totalCount } } }",
      "if a variable says so":
        "query ($yes: Boolean = true) { things(where: { chainId: 1 }, limit: 2) { totalCount @include(if: $yes) items { n: chainId } } }",
      "in a fragment that a variable wants": `query ($no: Boolean = false) { things(where: { chainId: 1 }, limit: 2) {
        ...F @include(if: $no) ...F @skip(if: $no) } } ${IN_FRAGMENTS}`,
    };
    for (const [way, question] of Object.entries(WAYS)) {
      it(way, async () => {
        expect((await ask(quick, question)).data).to.have.nested.property("things.totalCount", 30);
      });
    }

    it("for lists in lists, and not if a directive leaves it out", async () => {
      const { data } = await ask(
        quick,
        `{ things(limit: 3) { totalCount @skip(if: true) items { parts { ...F } } } }
         fragment F on partPage { totalCount }`,
      );
      const [one] = data!.things.items as { parts: { totalCount: number } }[];
      expect(one).to.deep.equal({ parts: { totalCount: 2 } });
      expect(data!.things).to.not.have.property("totalCount");
      expect(statements.join()).to.not.match(/count\(\*\) from "thing"/);
    });
  });

  describe("are refused before anything is asked of the database:", () => {
    const complaintTo = async (source: string) => {
      const { errors = [] } = await ask(quick, source);
      expect(statements, source).to.deep.equal([]);
      expect(
        errors.map(({ extensions }) => extensions.code),
        source,
      ).to.deep.equal(["BAD_USER_INPUT"]);
      return errors[0]!.message;
    };

    const FILTERS: Record<string, [where: string, says: string]> = {
      "no filter": ["null", "`where` is null"],
      "no alternatives": ["{ OR: null }", "`OR` is null"],
      "no further conditions": ["{ AND: null }", "`AND` is null"],
      "an alternative that is none": ["{ OR: [{ chainId: 1 }, null] }", "`OR` is null, or has null in it"],
      "one that is deep inside": ["{ AND: [{ OR: [{ AND: [null] }] }] }", "`AND` is null, or has null in it"],
      "nothing to choose from": ["{ OR: [] }", "`OR` is empty, or has an empty filter in it"],
      "everything to choose from": [
        "{ AND: [{ OR: [{ chainId: 1 }, {}] }] }",
        "`OR` is empty, or has an empty",
      ],
      "nothing put as conditions": [
        "{ OR: [{ chainId: 1 }, { AND: [{ AND: [] }] }] }",
        "`OR` is empty, or has",
      ],
      "no list of values": ["{ chainId_in: null }", "`chainId_in` is null"],
      "a list with nothing in it": ["{ state_not_in: [Open, null] }", "`state_not_in` is null, or has null"],
      "less than nothing": ["{ bigAmount_lt: null }", "`bigAmount_lt` is null"],
      "a text that has nothing": ["{ thingId_contains: null }", "`thingId_contains` is null"],
      "a list that has nothing": ["{ partIds_has: null }", "`partIds_has` is null"],
      "a list of nothing": ['{ partIds: ["0x7", null] }', "`partIds` is null, or has null in it"],
      "an empty list": [
        "{ partIds: [] }",
        "`partIds` is an empty list: give what is in it, or null for none.",
      ],
      "not an empty list": ["{ partIds_not: [] }", "`partIds_not` is an empty list"],
      "NUL in a text": ['{ thingId: "0x\\u0000" }', 'has "0x\\u0000": give a text without NUL characters.'],
      "NUL in a part of it": ['{ thingId_starts_with: "\\u0000" }', "`thingId_starts_with` has"],
      "NUL among values": ['{ OR: [{ thingId_in: ["0x01", "\\u0000"] }] }', "`thingId_in` has"],
      "a pattern that ends in the middle": [
        '{ OR: [{ thingId_ends_with: "\\\\\\\\\\\\" }] }',
        "`thingId_ends_with` ends with a backslash that escapes nothing: write two for one.",
      ],
      "NUL in a list": ['{ partIds_not_has: "\\u0000" }', "`partIds_not_has` has"],
    };
    for (const [what, [where, says]] of Object.entries(FILTERS)) {
      it(what, async () => {
        expect(await complaintTo(things(`where: ${where}`))).to.include(says);
        const within = `{ things(where: ${where}) { totalCount } }`;
        expect(await complaintTo(within)).to.include(says);
      });
    }

    it("orders that there are not", async () => {
      const names = "chainId, thingId, state, bigAmount, closedAt, isHeld, partIds.";
      for (const order of ["bigamount", "__proto__", "constructor", "toString", "", "extra", "AND"]) {
        const says = `\`orderBy\` is "${order}": leave it out, or give one of ${names}`;
        expect(await complaintTo(things(`orderBy: "${order}"`))).to.equal(says);
        expect(await complaintTo(things(`orderBy: "${order}", offset: 1`))).to.equal(says);
      }
      expect(await complaintTo(things("orderBy: null"))).to.match(/^`orderBy` is null: /);
    });

    it("directions that there are not", async () => {
      for (const more of ["", ", offset: 1", ", limit: 0"])
        expect(await complaintTo(things(`orderDirection: "DESC"${more}`))).to.equal(
          '`orderDirection` is "DESC": give asc or desc, or leave it out.',
        );
    });

    it("numbers of rows that nobody can have", async () => {
      const LIMIT = "give 0 to 1000, and page on with `after`.";
      for (const limit of [1001, -1, -2, -2147483648]) {
        expect(await complaintTo(things(`limit: ${limit}`))).to.equal(`\`limit\` is ${limit}: ${LIMIT}`);
        expect(await complaintTo(`{ things(limit: ${limit}) { totalCount } }`)).to.include(LIMIT);
      }
      expect(await complaintTo(things("offset: -1"))).to.equal("`offset` is -1: give 0 or more.");
    });

    it("two beginnings", async () => {
      const { endCursor } = (await ask(quick, things("limit: 3"))).data!.things.pageInfo;
      statements = [];
      for (const more of ["offset: 1", `before: "${endCursor}"`, `before: "${endCursor}", offset: 1`]) {
        expect(await complaintTo(things(`after: "${endCursor}", ${more}`))).to.match(
          /^A page can begin in one/,
        );
      }
      expect(await complaintTo(things(`before: "${endCursor}", offset: 1`))).to.match(
        /^A page can begin in one/,
      );
      expect((await ask(quick, things(`after: "${endCursor}", before: null, offset: 0`))).errors).to.equal(
        undefined,
      );
    });

    it("keys that no row can have", async () => {
      for (const [key, says] of [
        ['chainId: 1.5, thingId: "0x01"', '`chainId` has "1.5": give a whole number of 32 bits.'],
        ['chainId: 2147483648, thingId: "0x01"', "`chainId` has"],
        ['chainId: 1e999, thingId: "0x01"', "`chainId` has"],
        ['chainId: 1, thingId: "\\u0000"', "`thingId` has"],
      ]) {
        expect(await complaintTo(`{ thing(${key}) { state } }`)).to.include(says);
      }
    });

    describe("cursors", () => {
      const ORDER = 'orderBy: "bigAmount"';
      const json = (cursor: string) => Buffer.from(cursor, "base64").toString();
      const base64 = (text: string) => Buffer.from(text).toString("base64");
      /** Of the third row along that order. */
      const third = async () =>
        (await ask(quick, things(`limit: 3, ${ORDER}`))).data!.things.pageInfo.endCursor;
      const isRefused = async (cursor: string) => {
        statements = [];
        const says = "give the `endCursor` or `startCursor` of a page with the same `orderBy`.";
        for (const way of ["after", "before"]) {
          const args = `${ORDER}, ${way}: ${JSON.stringify(cursor)}`;
          expect(await complaintTo(things(args)), json(cursor))
            .to.include(`\`${way}\` is `)
            .and.include(says);
          expect(await complaintTo(`{ things(${args}) { totalCount } }`)).to.include(says);
        }
      };

      it("that are none", async () => {
        for (const text of [
          "",
          "null",
          "[]",
          '"x"',
          "{}",
          '{"json":null}',
          '{"json":{"n":{"a":1}}}',
          "[".repeat(2_000),
        ])
          await isRefused(base64(text));
        await isRefused("nonsense");
      });

      it("in another writing, which would repeat a row", async () => {
        const cursor = await third();
        expect(cursor).to.match(/==?$/);
        const { json: values, ...rest } = JSON.parse(json(cursor)) as { json: Record<string, unknown> };
        const turned = Object.fromEntries(Object.entries(values).reverse());
        for (const other of [
          cursor.replace(/=+$/, ""),
          `${cursor}=`,
          `${cursor}!`,
          `\n${cursor}`,
          `${cursor.slice(0, 8)}-${cursor.slice(8)}`,
          base64(json(cursor).replace(":", ": ")),
          base64(json(cursor).replace(/"0x(\w+)"/, (_, digits: string) => `"0x${digits}AA"`)),
          base64(JSON.stringify({ json: turned, ...rest })),
          base64(JSON.stringify({ json: { ...values, more: 1 }, ...rest })),
        ])
          await isRefused(other);
      });

      it("that fit another order, or no column", async () => {
        const cursor = json(await third());
        await isRefused((await ask(quick, things("limit: 3"))).data!.things.pageInfo.endCursor);
        for (const [from, to] of [
          [/"bigAmount":"\d+"/, '"bigAmount":null'],
          [/,"meta".*$/, "}"],
          [/"chainId":\d/, '"chainId":1.5'],
          [/"chainId":\d/, '"chainId":2147483648'],
          [/"chainId":\d/, '"chainId":"1"'],
          [/"0x/, '"\\u00000x'],
          [/"thingId":"\w+"/, '"thingId":["0x01"]'],
        ] as const) {
          const other = cursor.replace(from, to);
          expect(other).to.not.equal(cursor);
          await isRefused(base64(other));
        }
      });

      it("but not those of every kind of order that there is", async () => {
        for (const order of ["chainId", "thingId", "state", "bigAmount", "closedAt", "isHeld", "partIds"]) {
          const { data } = await asGenerated(things(`limit: 7, orderBy: "${order}"`));
          const { endCursor } = data!.things.pageInfo;
          const { data: next } = await asGenerated(
            things(`limit: 7, orderBy: "${order}", after: "${endCursor}"`),
          );
          expect(next!.things.items, order).to.have.length(7);
          await asGenerated(things(`limit: 7, orderBy: "${order}", before: "${endCursor}"`));
        }
      });
    });
  });

  it("do not lose a row when the row of the cursor is gone, whatever else is asked", async () => {
    const FILTER = 'where: { chainId_in: [1, 2], OR: [{ chainId_not: 3 }, { thingId_contains: "x" }] }';
    const { data } = await asGenerated(things(`${FILTER}, limit: 58`));
    const { endCursor } = data!.things.pageInfo;
    const next = () =>
      ask(quick, things(`${FILTER}, after: "${endCursor}"`, "totalCount pageInfo { hasPreviousPage }"));
    const previous = () => ask(quick, things(`${FILTER}, before: "${endCursor}", limit: 57`));
    const [before, beforeIt] = [(await next()).data!, (await previous()).data!];
    expect(before.things.items).to.have.length(2);
    await pglite.query("delete from thing where thing_id = $1", [data!.things.items.at(-1)!.thingId]);
    expect((await next()).data!.things.items).to.deep.equal(before.things.items);
    expect((await previous()).data!.things.items).to.deep.equal(beforeIt.things.items);
  });
});
