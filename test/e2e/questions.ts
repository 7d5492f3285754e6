import { execFile } from "node:child_process";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";
import { toBeHex, zeroPadValue } from "ethers";

import { untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { recordsPath } from "../../scripts/lib/reconcile/records.js";
import { databaseUrl, newDatabase } from "../../scripts/lib/production.js";
import { indexOf, recordRun } from "../../scripts/drill/stack/reconciliation-runs.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";
import { cast } from "../support/every-event.js";
import { proxyPostgres, type PostgresProxy } from "../support/postgres-proxy.js";
import { eventually } from "../../scripts/lib/eventually.js";
import { askGraphql } from "../support/read-model.js";
import { hashTerms, termsOf, type Terms } from "../support/terms.js";

const ANVIL_PORT = 21_548;
const INDEXER_PORT = 21_072;
const CHAIN_ID = 31337;
const DATABASE = "holdfast_questions";

interface Stuck {
  items: { reasons: string[]; payment: { paymentId: string; events?: { items: unknown[] } } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const server = process.env.HOLDFAST_TEST_DATABASE_URL ?? "";

describe("questions on PGlite", () => asked(undefined));
(server ? describe : describe.skip)("questions on Postgres (needs HOLDFAST_TEST_DATABASE_URL)", () =>
  asked(server),
);

/** One start of the whole stack: some 20 s. */
function asked(onServer: string | undefined): void {
  let stack: EmittedStack;
  let indexer: Indexer;
  let postgres: PostgresProxy | undefined;

  before(async function () {
    this.timeout(180_000);
    stack = await startEmittedStack(ANVIL_PORT, CHAIN_ID);
    if (onServer !== undefined) {
      await newDatabase(onServer, DATABASE);
      postgres = await proxyPostgres(databaseUrl(onServer, DATABASE));
    }
    indexer = await stack.startIndexer(INDEXER_PORT, postgres && { databaseUrl: postgres.url });
  });
  after(async () => {
    await stack?.dispose();
    await postgres?.close();
  });

  const ask = async <Answer = Record<string, unknown>>(query: string) =>
    Object.values(await askGraphql(indexer.url, query))[0] as Answer;
  const complaint = (query: string) =>
    ask(query).then(
      () => "no complaint",
      (error: Error) => error.message,
    );

  const idOf = (terms: Terms) => hashTerms(terms, CHAIN_ID, stack.suite.addresses.escrow);
  const deposit = async (terms: Terms) => {
    const { buyer, seller, ...rest } = terms;
    const event = ["PaymentCreated", idOf(terms), buyer, seller, ...Object.values(rest)] as const;
    await untilIndexed(indexer.url, CHAIN_ID, await stack.suite.emit(["escrow", ...event]));
  };

  describe("stuckPayments", () => {
    it("says of each open payment why it waits, and leads to its rows", async () => {
      const { items } = await ask<Stuck>(`{ stuckPayments(chainId: ${CHAIN_ID}, reason: ON_HOLD) {
        items { reasons payment { paymentId events { items { kind } } } } } }`);
      expect(items).to.have.length(1);
      const [{ reasons, payment }] = items as [Stuck["items"][0]];
      expect(payment.paymentId).to.equal(stack.story.payments.operated.paymentId);
      // Exits are paused and the seller is blocked in the story too.
      expect(reasons).to.have.members(["ON_HOLD", "EXITS_PAUSED", "SELLER_BLOCKED"]);
      expect(payment.events!.items).to.have.length(9);
    });

    it("gives every payment once, page by page, also while new ones arrive", async () => {
      const late = termsOf(901);
      const seen: string[] = [];
      let after = "null";
      for (let page = 1; ; page++) {
        const { items, pageInfo } =
          await ask<Stuck>(`{ stuckPayments(chainId: ${CHAIN_ID}, first: 5, after: ${after}) {
          items { reasons payment { paymentId } } pageInfo { hasNextPage endCursor } } }`);
        seen.push(...items.map(({ payment }) => payment.paymentId));
        if (!pageInfo.hasNextPage) break;
        if (page === 1) await deposit(late);
        after = JSON.stringify(pageInfo.endCursor);
      }
      const { operated, waiting } = stack.story.payments;
      const ids = [operated, ...waiting].map(({ paymentId }) => paymentId);
      expect(seen).to.have.ordered.members([...seen.slice(0, 13), idOf(late)]);
      expect(seen.slice(0, 13)).to.have.members(ids);
    });
  });

  it("duePayments gives those whose deadline comes in time, soonest first", async () => {
    const due = (hours: number) =>
      ask<{ items: { deadline: string }[] }>(
        `{ duePayments(chainId: ${CHAIN_ID}, withinHours: ${hours}) { items { deadline } } }`,
      );
    expect((await due(1)).items).to.deep.equal([]);
    const deadlines = (await due(87_660)).items.map(({ deadline }) => BigInt(deadline));
    expect(deadlines).to.have.length(13);
    expect(deadlines).to.deep.equal(deadlines.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it("paymentsByReference finds all payments of a merchant's reference", async () => {
    const { items } = await ask<{ items: unknown[] }>(`{ paymentsByReference(chainId: ${CHAIN_ID},
      reference: "${toBeHex(0xabc, 32)}") { items { paymentId } } }`);
    expect(items).to.have.length(12);
  });

  it("statement opens, lists and closes so that the sum is right", async () => {
    type Answer = {
      openingBalance: string;
      closingBalance: string;
      entries: { debit: string; credit: string; balance: string }[];
      pageInfo: Stuck["pageInfo"];
    };
    const { openingBalance, closingBalance, entries } = await ask<Answer>(`{ statement(chainId: ${CHAIN_ID},
      party: "${cast.seller}", token: "${cast.token}", from: "0", to: "99999999999") {
      openingBalance closingBalance entries { debit credit balance } } }`);
    expect(openingBalance).to.equal("0");
    const sum = entries.reduce((total, { debit, credit }) => total + BigInt(credit) - BigInt(debit), 0n);
    // Released to it less fees, less what became a credit.
    expect(sum).to.equal(BigInt(891 + 585 + 300 + 200 - 585));
    expect(closingBalance).to.equal(String(sum));
    expect(entries.at(-1)!.balance).to.equal(closingBalance);
  });

  it("totalsAtBlock gives today's totals today, nothing before the first payment, and no future", async () => {
    const head = await stack.suite.provider.getBlockNumber();
    const totals = (block: number) =>
      `{ totalsAtBlock(chainId: ${CHAIN_ID}, token: "${cast.token}", block: "${block}") { held credits } }`;
    expect(await ask(totals(head))).to.deep.equal({ held: "4986", credits: "585" });
    expect(await ask(totals(1))).to.deep.equal({ held: "0", credits: "0" });
    expect(await complaint(totals(head + 1_000_000))).to.include("ask for that or before");
  });

  it("permissions tells an address's roles, what they open, and its compliance", async () => {
    const of = (address: string) => `{ permissions(chainId: ${CHAIN_ID}, address: "${address}") {
      roles { roleId label executionDelay isActive functions { selector } } openAsBuyer openAsSeller standing } }`;
    expect(await ask(of(cast.officer))).to.deep.equal({
      roles: [
        {
          roleId: "7",
          label: "COMPLIANCE",
          executionDelay: "4294967295",
          isActive: true,
          functions: [{ selector: "0x11223344" }],
        },
      ],
      openAsBuyer: 0,
      openAsSeller: 0,
      standing: "Unlisted",
    });
    // Revoked from the operator.
    expect(await ask(of(cast.operator))).to.deep.include({ roles: [] });
    expect(await ask(of(cast.seller))).to.deep.include({ openAsSeller: 13, standing: "Blocked" });
  });

  describe("reconciliationRuns", () => {
    /** A chain that nobody indexes any more has runs, too. */
    const OTHER = 5;
    interface Runs {
      items: {
        at: string;
        outcome: string;
        isFull: boolean;
        scope: object | null;
        counts: { outcome: string; count: number }[];
      }[];
      unreadable: number;
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    }
    const SOME_INDEX = "0123456789abcdef";
    const EVERYTHING = { payment: null, token: null, since: null, block: null };
    const runs = (args: string) =>
      ask<Runs>(`{ reconciliationRuns(chainId: ${args}) { items { at by block blockHash outcome payments
        isFull scope { source schema index behind payment token since block }
        counts { outcome count } rpcCalls seconds applied } unreadable pageInfo { hasNextPage endCursor } } }`);
    const file = () => recordsPath(OTHER, stack.reconciliations);

    it("gives every run once, newest first and page by page, also while new ones arrive", async () => {
      const record = (second: number, change?: Partial<Parameters<typeof recordRun>[2]>) =>
        recordRun(stack.reconciliations, OTHER, {
          at: new Date(second * 1_000),
          index: SOME_INDEX,
          ...change,
        });
      for (const second of [1, 2, 3]) await record(second);
      await record(4, { outcome: "could not tell", counts: { lookup_failed: 2 } });
      await record(5, { outcome: "differences", counts: { matched: 3, missing_in_index: 1 } });

      const first = await runs(`${OTHER}, first: 2`);
      expect(first.items).to.deep.equal([
        {
          at: "5",
          by: "daily",
          block: "8",
          blockHash: zeroPadValue("0x08", 32),
          outcome: "DIFFERENCES",
          payments: 4,
          isFull: true,
          scope: { ...EVERYTHING, source: "DATABASE", schema: "holdfast_1", index: SOME_INDEX, behind: 0 },
          counts: [
            { outcome: "matched", count: 3 },
            { outcome: "missing_in_index", count: 1 },
          ],
          rpcCalls: 30,
          seconds: 1.5,
          applied: false,
        },
        { ...first.items[1], at: "4", outcome: "COULD_NOT_TELL" },
      ]);
      await record(6);
      const second = await runs(`${OTHER}, first: 2, after: "${first.pageInfo.endCursor}"`);
      expect(second.items.map(({ at }) => at)).to.deep.equal(["3", "2"]);
      const third = await runs(`${OTHER}, first: 2, after: "${second.pageInfo.endCursor}"`);
      expect(third.items.map(({ at }) => at)).to.deep.equal(["1"]);
      expect(third.pageInfo.hasNextPage).to.equal(false);
    });

    it("tells nothing of a line that is none of the command's, but that there is one", async () => {
      const [line] = (await readFile(file(), "utf8")).split("\n") as [string];
      const run = JSON.parse(line) as object;
      const lines = [
        { ...run, by: "/home/somebody" },
        { ...run, counts: { "postgres://a:b@c/d": 1 } },
        { ...run, at: "https://rpc.example/key" },
        { ...run, blockHash: "/etc/passwd" },
        { ...run, secret: "s" },
      ];
      const before = await runs(String(OTHER));
      for (const written of lines) await appendFile(file(), `${JSON.stringify(written)}\n`);
      await appendFile(file(), '{"at":');
      const after = await runs(String(OTHER));
      expect(after).to.deep.equal({ ...before, unreadable: lines.length + 1 });
    });

    it("says of each run what it looked at, and of one of before that was kept nothing", async () => {
      const SEVENTH = 7;
      const scope = {
        source: "graphql",
        behind: 21,
        payment: stack.story.payments.operated.paymentId,
      } as const;
      await recordRun(stack.reconciliations, SEVENTH, { index: SOME_INDEX, scope });
      const before = JSON.parse((await readFile(file(), "utf8")).split("\n")[0]!) as { scope?: object };
      delete before.scope;
      await appendFile(recordsPath(SEVENTH, stack.reconciliations), JSON.stringify(before));
      const { items } = await runs(String(SEVENTH));
      expect(items.map(({ isFull, scope }) => ({ isFull, scope }))).to.deep.equal([
        { isFull: false, scope: null },
        { isFull: false, scope: { ...EVERYTHING, schema: null, index: null, ...scope, source: "GRAPHQL" } },
      ]);
    });

    it("has none of a chain that nobody reconciled", async () => {
      expect(await runs("-1")).to.deep.include({ items: [], unreadable: 0 });
    });

    it("does not say where the record is when it cannot be read", async () => {
      await mkdir(recordsPath(6, stack.reconciliations), { recursive: true });
      expect(await complaint("{ reconciliationRuns(chainId: 6) { unreadable } }")).to.equal(
        "The read model could not answer: ask again, and if that does not help, tell who runs it.",
      );
    });

    it("is what the metric of the last full one of this index says, whatever came after it", async () => {
      const at = new Date("2026-03-01T12:00:00Z");
      const [index, { reconciliations, chainId }] = [await indexOf(indexer.url), stack];
      await recordRun(reconciliations, chainId, { at, index, outcome: "differences" });
      const scope = { source: "database", index, behind: 0 } as const;
      for (const partial of [
        { payment: `0x${"01".repeat(32)}` },
        { token: `0x${"02".repeat(20)}` },
        { since: 1 },
        { block: 1 },
        { behind: 21 },
        { index: SOME_INDEX },
        { index: undefined },
      ]) {
        const { index: of, ...rest } = { ...scope, ...partial };
        await recordRun(reconciliations, chainId, {
          index: "",
          scope: { ...rest, ...(of !== undefined && { index: of }) },
        });
      }
      // What was asked less than five seconds ago is answered as it was then.
      await eventually(async () => {
        const metrics = await (await fetch(`${indexer.url}/metrics`)).text();
        const found = metrics.match(/^holdfast_reconciled_timestamp_seconds.*$/gm) ?? [];
        expect(found).to.have.length(1);
        expect(found[0])
          .to.match(/outcome="differences"/)
          .and.match(new RegExp(` ${at.getTime() / 1_000}$`));
      });
    });
  });

  it("the client of docs/client prints a statement that adds up, and what is stuck", async () => {
    const { stdout } = await promisify(execFile)("npx", ["tsx", "docs/client/statement.ts"], {
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      env: {
        ...process.env,
        READ_MODEL: indexer.url,
        CHAIN_ID: String(CHAIN_ID),
        PARTY: cast.seller,
        TOKEN: cast.token,
      },
    });
    expect(stdout).to.match(/^opening balance 0\n/);
    expect(stdout).to.include(`closing balance ${891 + 585 + 300 + 200 - 585}\n`);
    expect(stdout).to.include(`stuck: ${stack.story.payments.operated.paymentId} holds 4800: ON_HOLD, `);
  });

  it("counts each question in the metrics once, in one piece or in chunks", async () => {
    const sample =
      /^ponder_http_server_request_duration_ms_count\{method="POST",path="\/graphql",status="2XX"\} (\d+)$/m;
    const counted = async () =>
      Number(sample.exec(await (await fetch(`${indexer.url}/metrics`)).text())?.[1] ?? 0);
    const ask = async (body: BodyInit, more: object = {}) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${indexer.url}/graphql`, { method: "POST", headers, body, ...more });
      expect(await response.json()).to.deep.equal({ data: { __typename: "Query" } });
    };
    const question = JSON.stringify({ query: "{ __typename }" });
    const before = await counted();
    await ask(question);
    await ask(question);
    await ask(new Blob([question]).stream(), { duplex: "half" });
    expect((await counted()) - before).to.equal(3);
  });

  describe("what is hostile", () => {
    const stuck = (args: string) => `{ stuckPayments(chainId: ${CHAIN_ID}, ${args}) { items { reasons } } }`;
    const cases: [what: string, query: () => string, says: string][] = [
      ["a large page", () => stuck("first: 1000"), "`first` is 1000: give 1 to 200"],
      ["a huge page", () => stuck("first: 1000000"), "may return 1000000 rows, and 20000 are allowed"],
      ["a negative page", () => stuck("first: -1"), "`first` is -1: give 1 to 200"],
      [
        "a large page of runs",
        () => `{ reconciliationRuns(chainId: ${CHAIN_ID}, first: 201) { items { at } } }`,
        "`first` is 201: give 1 to 200",
      ],
      [
        "a huge page of runs",
        () => `{ reconciliationRuns(chainId: ${CHAIN_ID}, first: 1000) { items { counts { outcome } } } }`,
        "may return 51000 rows, and 20000 are allowed",
      ],
      [
        "a made-up cursor of runs",
        () => `{ reconciliationRuns(chainId: ${CHAIN_ID}, after: "../../secrets") { items { at } } }`,
        "give the `endCursor`",
      ],
      ["a made-up cursor", () => stuck('after: "\'; drop table payment; --"'), "give the `endCursor`"],
      [
        "SQL in an address",
        () => `{ permissions(chainId: ${CHAIN_ID}, address: "0x' or 1=1 --") { standing } }`,
        "give an address",
      ],
      [
        "a reference that is no hash",
        () => `{ paymentsByReference(chainId: ${CHAIN_ID}, reference: "zz") { items { paymentId } } }`,
        "give 32 bytes",
      ],
      [
        "a negative block",
        () => `{ totalsAtBlock(chainId: ${CHAIN_ID}, token: "${cast.token}", block: "-1") { held } }`,
        "give 0 or more",
      ],
      [
        "a thousand rows of a thousand rows",
        () => "{ payments(limit: 1000) { items { events(limit: 1000) { items { kind } } } } }",
        "may return 1001000 rows",
      ],
      [
        "a hundred aliases",
        () => `{ ${Array.from({ length: 100 }, (_, i) => `a${i}: _meta { status }`).join(" ")} }`,
        "has 100 aliases, and 30 are allowed",
      ],
      [
        "ten thousand words",
        () => `{ ${"_meta { status } ".repeat(2500)} }`,
        "has more than 1000 words and signs: ask in several",
      ],
      [
        "a thousand rows of a thousand rows in fragments",
        () =>
          `{ payments(limit: 1000) { ...many } } fragment many on paymentPage { items { events(limit: 1000) { ...more } } }
           fragment more on paymentEventPage { items { kind } }`,
        "may return 1001000 rows",
      ],
      [
        "fragments that double at every step",
        () =>
          `{ ...f0 } ${Array.from({ length: 60 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`).join(" ")}
           fragment f60 on Query { payments(limit: 1) { items { paymentId } } }`,
        "rows, and 20000 are allowed",
      ],
      [
        "many proofs at once",
        () =>
          `{ ${Array.from({ length: 5 }, (_, i) => `p${i}: verifyPayment(chainId: 1, paymentId: "${i}") { matches }`).join(" ")} }`,
        "a proof counts as 5000",
      ],
      [
        "a larger list than a generated question gives",
        () => "{ payments(limit: 1001) { items { paymentId } } }",
        "`limit` is 1001: give 0 to 1000, and page on with `after`.",
      ],
      [
        "a number that nothing can be",
        () => `{ payments(where: { amount_gt: "${"9".repeat(200_000)}" }) { items { paymentId } } }`,
        "A number has 200000 digits, and 78 are allowed",
      ],
      [
        "more values than a list may have",
        () =>
          `query ($k: [Int] = [${Array.from({ length: 900 }, () => 1).join()}]) { payments(limit: 120) {
             items { events(where: { logIndex_in: $k }, limit: 1) { items { kind } } } } }`,
        "The operation compares with 108000 values, and 20000 are allowed",
      ],
      [
        "the schema again and again",
        () =>
          `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: __schema { ...F }`).join(" ")} } fragment F on __Schema {
             types { inputFields { ${"type { ofType { inputFields { ".repeat(6)} name ${"} } } ".repeat(6)} } } }`,
        "asks more than once what the schema says of itself",
      ],
      [
        "a question without an end",
        () =>
          `{ role(chainId: 1, roleId: "1") { ${"members(limit: 1) { items { role { ".repeat(12)} label ${"} } } ".repeat(12)} } }`,
        "levels deep, and 24 are allowed",
      ],
    ];
    for (const [what, query, says] of cases) {
      it(`${what} is refused with what to do instead`, async () => {
        expect(await complaint(query())).to.include(says);
      });
    }

    interface Refused {
      status: number;
      errors?: { message: string; extensions: { code: string } }[];
    }
    const send = async (body: unknown, headers: Record<string, string> = {}): Promise<Refused> => {
      const response = await fetch(`${indexer.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, ...((await response.json()) as object) };
    };
    /** What a driver, a database or a language would say, in place of us. */
    const NOT_OURS = /invalid input|syntax|operator|cannot read|undefined|\$\d|select |column "/i;
    const list = (args: string) => `{ payments(${args}) { items { paymentId } } }`;
    const filter = (where: string) => list(`where: { ${where} }`);
    const WRONG: Record<string, [query: string, variables?: object]> = {
      "a filter of null": [list("where: null")],
      "one by a variable": ["query ($w: paymentFilter) { payments(where: $w) { totalCount } }", { w: null }],
      "alternatives of null": [filter("OR: null")],
      "a null among them": [filter("OR: [{ onHold: true }, null]")],
      "values of null": [filter("status_in: null")],
      "a null among values": [
        "query ($a: [BigInt]) { payments(where: { amount_in: $a }) { totalCount } }",
        { a: ["1", null] },
      ],
      "an empty list": [filter("openApprovals: []")],
      "letters for a number": [filter('amount_gt: "abc"')],
      "letters by a variable": [
        "query ($a: BigInt!) { payments(where: { amount_gt: $a }) { totalCount } }",
        { a: "abc" },
      ],
      "part of a unit": [
        "query ($a: BigInt!) { payments(where: { amount_gt: $a }) { totalCount } }",
        { a: 1.5 },
      ],
      "a number of rows beyond all": [
        "query ($n: Int) { payments(offset: $n) { totalCount } }",
        { n: 2 ** 31 },
      ],
      "a negative offset": [list("offset: -1")],
      "a negative limit": [list("limit: -2")],
      "a chain between two": [`{ payment(chainId: 1.5, paymentId: "0x") { status } }`],
      "a chain beyond all": [`{ payment(chainId: 99999999999, paymentId: "0x") { status } }`],
      "NUL in a key": [`{ payment(chainId: 1, paymentId: "\\u0000") { status } }`],
      "NUL in a filter": [filter('seller_contains: "\\u0000"')],
      "NUL in a list in a list": [
        '{ tokens { items { chainId } } payments { items { events(where: { note: "\\u0000" }) { totalCount } } } }',
      ],
      "a pattern that ends with a backslash": [filter('seller_ends_with: "\\\\"')],
      "a cursor of something else": [list(`after: "${Buffer.from('{"json":{}}').toString("base64")}"`)],
      "an order of all objects": [list('orderBy: "__proto__"')],
      "an order of their maker": [list('orderBy: "constructor"')],
      "an order of JSON": [`{ adminEvents(orderBy: "args") { items { kind } } }`],
      "an order and a cursor of JSON": [
        `{ adminEvents(orderBy: "args", before: "e30=") { items { kind } } }`,
      ],
    };
    for (const [what, [query, variables]] of Object.entries(WRONG)) {
      it(`${what} is the question's fault, and told in words of ours`, async () => {
        const { status, errors } = await send({ query, variables });
        expect(status).to.equal(200);
        expect(errors).to.not.be.empty;
        for (const { message, extensions } of errors!) {
          expect(extensions.code).to.equal("BAD_USER_INPUT");
          expect(message).to.not.match(NOT_OURS);
        }
      });
    }

    it("is a form with variables that are none", async () => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const { status, errors } = await send("query={__typename}&variables=none", headers);
      expect([status, errors![0]!.extensions.code]).to.deep.equal([200, "BAD_USER_INPUT"]);
    });

    it("is told what to send when it is no JSON, or wants none, and with that status", async () => {
      for (const body of ["{ __typename }", "x".repeat(100_000)]) {
        const { status, errors } = await send(body, { "content-type": "text/plain" });
        expect([status, errors]).to.deep.equal([
          415,
          [
            {
              message: "Send the question as JSON, with `content-type: application/json`.",
              extensions: { code: "BAD_REQUEST" },
            },
          ],
        ]);
      }
      const { status, errors } = await send({ query: "{ __typename }" }, { accept: "image/png" });
      expect(status).to.equal(406);
      expect(errors![0]!.message).to.equal("The answer is JSON: accept it, with `accept: application/json`.");
      const inChunks = await fetch(`${indexer.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: new Blob(["{"]).stream(),
        duplex: "half",
      } as RequestInit);
      expect(inChunks.status).to.equal(415);
      expect(await inChunks.json()).to.have.nested.property("errors[0].extensions.code", "BAD_REQUEST");
    });

    it("is no count that is asked for in a fragment", async () => {
      const { data } = (await send({
        query: `query ($no: Boolean = false) {
          a: payments(limit: 1) { ...F } b: payments(limit: 1) { ... on paymentPage { items { events { ...E } } } }
          c: payments(limit: 1) { totalCount @skip(if: $no) items { paymentId } } }
          fragment F on paymentPage { totalCount } fragment E on paymentEventPage { totalCount }`,
      })) as unknown as { data: Record<string, { totalCount: number; items: object[] }> };
      expect(data.a!.totalCount).to.be.at.least(13).and.to.equal(data.c!.totalCount);
      expect(data.b!.items[0]).to.have.nested.property("events.totalCount").that.is.above(0);
    });

    it("is answered with 200 if the question is wrong, and with 500 if the read model failed", async () => {
      const status = async (query: string, variables?: null) => {
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ query, variables });
        return (await fetch(`${indexer.url}/graphql`, { method: "POST", headers, body })).status;
      };
      expect(await status("{ nothing }")).to.equal(200);
      const limited = "query ($n: Int = 3) { payments(limit: $n) { items { paymentId } } }";
      expect(await status(limited, null)).to.equal(200);
      expect(await status(stuck("first: 1000"))).to.equal(200);
      expect(await status("{ payments(limit: 1001) { items { paymentId } } }")).to.equal(200);
      await mkdir(recordsPath(8, stack.reconciliations), { recursive: true });
      expect(await status("{ reconciliationRuns(chainId: 8) { unreadable } }")).to.equal(500);
    });

    it("is refused by its own variables, whatever the same text was asked with before", async () => {
      const rows = (name: string) =>
        `query ${name}($n: Int) { payments(limit: $n) { items { events(limit: 20) { items { kind } } } } }`;
      const complaintOf = (query: string, n: number) =>
        askGraphql(indexer.url, query, { n }).then(
          () => "none",
          ({ message }: Error) => message,
        );
      const refused = "may return 21000000 rows, and 20000 are allowed";
      for (const [name, order] of [
        ["HugeFirst", [1_000_000, 2, 1_000_000, 2]],
        ["SmallFirst", [2, 1_000_000, 2]],
      ] as const) {
        for (const n of order) {
          expect(await complaintOf(rows(name), n), name).to.include(n === 2 ? "none" : refused);
        }
      }
    });

    it("a list without a limit counts as fifty, and one given as a variable as what it is", async () => {
      const query = "query ($n: Int!) { payments(limit: $n) { items { events { items { kind } } } } }";
      const answer = await askGraphql(indexer.url, query, { n: 900 }).catch((error: Error) => error.message);
      expect(answer).to.include("may return 45900 rows");
      expect(await complaint(query.replace("$n: Int!", "$n: Int! = 800"))).to.include(
        "may return 40800 rows",
      );
    });
  });

  // Statements can be seen only on their way to a server.
  if (onServer === undefined) return;
  describe("ask the database", () => {
    const statements = (query: string) =>
      postgres!.statementsOf(() => ask(query), /payment|ledger_entry|role_member|compliance/);
    const own: [question: string, query: string][] = [
      [
        "stuckPayments",
        `{ stuckPayments(chainId: ${CHAIN_ID}) { items { reasons payment { paymentId } } } }`,
      ],
      ["duePayments", `{ duePayments(chainId: ${CHAIN_ID}, withinHours: 87660) { items { paymentId } } }`],
      [
        "paymentsByReference",
        `{ paymentsByReference(chainId: ${CHAIN_ID}, reference: "${toBeHex(0xabc, 32)}") { items { paymentId } } }`,
      ],
      [
        "statement",
        `{ statement(chainId: ${CHAIN_ID}, party: "${cast.seller}", token: "${cast.token}", from: "0", to: "9") { openingBalance } }`,
      ],
      [
        "totalsAtBlock",
        `{ totalsAtBlock(chainId: ${CHAIN_ID}, token: "${cast.token}", block: "1") { held } }`,
      ],
      ["permissions", `{ permissions(chainId: ${CHAIN_ID}, address: "${cast.officer}") { standing } }`],
    ];
    for (const [question, query] of own) {
      it(`once for ${question}`, async () => {
        expect(await statements(query)).to.have.length(1);
      });
    }

    it("once a level for lists in lists, however many rows they have", async () => {
      const nested = (rows: number) => `{ payments(limit: ${rows}) { items {
        paymentId tokenState { held }
        events(limit: 5) { items { kind payment { buyerParty { credit { balance } } } } }
        ledgerEntries(limit: 5) { totalCount items { account } } } } }`;
      const counts = [];
      for (const rows of [2, 17]) counts.push((await statements(nested(rows))).length);
      // Payments; tokens are loaded by key, events, entries and their counts in one; then up the relations again.
      expect(counts[0]).to.equal(counts[1]);
      expect(counts[0]).to.be.at.most(6);
    });

    it("once a level for lists of what a question of ours found", async () => {
      const nested = (
        first: number,
      ) => `{ stuckPayments(chainId: ${CHAIN_ID}, first: ${first}) { items { payment {
        paymentId events { items { kind } } disputes { items { status } } } } } }`;
      expect(await statements(nested(1))).to.have.length(2);
      expect(await statements(nested(13))).to.have.length(2);
    });

    it("and one bad list does not spoil the others", async () => {
      const query = `{ good: payments(limit: 1) { items { paymentId } }
        bad: payments(where: { amount_gt: "${"9".repeat(100)}" }, after: "bm9uc2Vuc2U=") { items { paymentId } } }`;
      expect(await complaint(query)).to.not.equal("no complaint");
      expect(await ask("{ payments(limit: 1) { items { paymentId } } }")).to.have.nested.property(
        "items.length",
        1,
      );
    });
  });
}
