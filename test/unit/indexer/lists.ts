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
type Answer = ExecutionResult<{
  things: { items: Record<string, unknown>[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
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
        is_held bool, part_ids text[], primary key (chain_id, thing_id));
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

  const LEFT_OUT = {
    "other comparisons": 'where: { OR: [{ chainId: 1 }, { thingId_contains: "f" }], state_not: Open }',
    "a list of values": "where: { chainId_in: [2, 3], state_in: [Open] }",
    "a column that is a list": 'where: { partIds_has: "0x7" }',
    "that column as a whole": 'where: { partIds: ["0x7"] }',
    "an order that does not exist": 'orderBy: "bigamount"',
    "a direction that does not exist": 'orderDirection: "up"',
    "too many rows": "limit: 1001",
    "fewer rows than none": "limit: -1",
    "an offset": "offset: 55",
    "a cursor that is none": 'after: "nonsense"',
    "a cursor of something else": `after: "${Buffer.from('{"json":{"n":{"a":1}}}').toString("base64")}"`,
    "two cursors": 'before: "e30=", after: "e30="',
  };
  for (const [what, args] of Object.entries(LEFT_OUT)) {
    it(`leave to Ponder: ${what}`, () => asGenerated(things(args)));
  }

  it("leave to Ponder: counts, and pages backwards", async () => {
    await asGenerated(things("limit: 0", `totalCount ${PAGE}`));
    const { data } = await asGenerated(things('limit: 9, orderBy: "bigAmount"'));
    await asGenerated(things(`limit: 5, orderBy: "bigAmount", before: "${data!.things.pageInfo.endCursor}"`));
  });

  it("go on behind nulls as Ponder does", async () => {
    const { data } = await asGenerated(things('orderBy: "closedAt", limit: 50'));
    expect(data!.things.items.at(-1)!.closedAt).to.equal(null);
    await asGenerated(things(`orderBy: "closedAt", after: "${data!.things.pageInfo.endCursor}"`));
  });

  it("find what is null, of a list too, where Ponder finds nothing", async () => {
    const { data } = await asGenerated(things("where: { closedAt: null }"));
    expect(data!.things.items).to.have.length(15);
    await pglite.query("update thing set part_ids = null where thing_id = '0x0003'");
    const found = (await ask(quick, things("where: { partIds: null }"))).data!;
    expect(found.things.items.map(({ thingId }) => thingId)).to.deep.equal(["0x0003"]);
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

  it("do not lose the last row when the row of the cursor is gone", async () => {
    const { data } = await asGenerated(things("limit: 58"));
    const next = () =>
      ask(quick, things(`after: "${data!.things.pageInfo.endCursor}"`, "pageInfo { hasPreviousPage }"));
    const before = (await next()).data!;
    expect(before.things.items).to.have.length(2);
    await pglite.query("delete from thing where thing_id = $1", [data!.things.items.at(-1)!.thingId]);
    const after = (await next()).data!;
    expect(after.things.items).to.deep.equal(before.things.items);
  });
});
