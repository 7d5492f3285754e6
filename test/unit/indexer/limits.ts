import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { buildSchema, execute, getIntrospectionQuery, parse, validate, type GraphQLSchema } from "graphql";

import { tooLarge } from "../../../indexer/src/api/limits/index.js";

describe("how much one question may ask for", () => {
  let schema: GraphQLSchema;
  before(async () => {
    schema = buildSchema(await readFile("indexer/schema.graphql", "utf8"));
  });

  const objections = (question: string, variables?: Record<string, unknown>): string[] => {
    const document = parse(question);
    expect(validate(schema, document)).to.deep.equal([]);
    return tooLarge(schema, document, variables).map(({ message }) => message);
  };

  it("counts the rows of pages within pages", () => {
    const events = (limit: number) =>
      `{ payments(limit: 100) { items { events(limit: ${limit}) { items { kind } } } } }`;
    expect(objections(events(100))).to.deep.equal([]);
    expect(objections(events(200)).join()).to.match(/may return 20100 rows, and 20000 are allowed/);
  });

  it("counts the rows of a page of which only the ends are asked for: they are read", () => {
    const pages = Array.from(
      { length: 30 },
      (_, i) => `a${i}: payments(limit: 1000) { pageInfo { hasNextPage } }`,
    );
    const within = `{ payments(limit: 1000) { items { tokenState { ${pages.join(" ")} } } } }`;
    expect(objections(within).join()).to.match(/may return 30001000 rows/);
    expect(objections("{ payments(limit: 0) { totalCount } }")).to.deep.equal([]);
  });

  it("counts with the variables of each time, or their defaults", () => {
    const question = "query ($n: Int = 5) { payments(limit: $n) { items { events { items { kind } } } } }";
    expect(objections(question)).to.deep.equal([]);
    expect(objections(question, { n: 1000 }).join()).to.match(/may return 51000 rows/);
  });

  it("counts a document that it has seen before by the variables that are new", () => {
    const document = parse(
      "query ($n: Int = 5, $of: String) { payments(limit: $n, where: { seller: $of }) { items { events(limit: 500) { items { kind } } } } }",
    );
    const rows = (variables: Record<string, unknown>) =>
      /may return (\d+) rows/.exec(tooLarge(schema, document, variables).join())?.[1];
    expect(rows({})).to.equal(undefined);
    expect(rows({ n: 100 })).to.equal("50100");
    expect(rows({ n: 100, of: "0x" })).to.equal("50100");
    expect(rows({ n: 200 })).to.equal("100200");
    // Null is no default: a list then has as many rows as one without a limit.
    expect(rows({ n: null })).to.equal("25050");
    expect(rows({})).to.equal(undefined);
    expect(rows({ n: 70 })).to.equal("35070");
  });

  it("counts with the defaults when no variables are given at all, or null", () => {
    const document = parse(
      "query ($n: Int = 1000) { payments(limit: $n) { items { events { totalCount } } } }",
    );
    for (const none of [undefined, null]) {
      expect(tooLarge(schema, document, none).join()).to.match(/may return \d+ rows/);
    }
  });

  it("measures fragments that spread each other twice at once", () => {
    const fragments = Array.from(
      { length: 95 },
      (_, i) => `fragment F${i} on payment { ...F${i + 1} ...F${i + 1} }`,
    );
    const bomb = `{ payments { items { ...F0 } } } ${fragments.join(" ")} fragment F95 on payment { amount }`;
    expect(objections(bomb)).to.deep.equal([]);
  });

  describe("of the schema", () => {
    /** What is inside `types`, the lists of the inputs in one another so many times. */
    const nested = (times: number) =>
      `types { inputFields { ${"type { ofType { inputFields { ".repeat(times)} name ${"} } } ".repeat(times)} } }`;
    const ONCE = /asks more than once what the schema says of itself/;

    it("all that tools read, in whatever detail", () => {
      const options = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true };
      expect(objections(getIntrospectionQuery({ ...options, inputValueDeprecation: true }))).to.deep.equal(
        [],
      );
      const one = `{ __type(name: "payment") { fields { args { type { inputFields { name } } } } } }`;
      expect(objections(one).join()).to.equal("");
    });

    it("once, by whatever way", () => {
      const both = `{ __schema { queryType { name } } ...F } fragment F on Query { __type(name: "Int") { name } }`;
      expect(objections(both).join()).to.match(ONCE);
      const many = Array.from({ length: 30 }, (_, i) => `a${i}: __schema { ...F }`).join(" ");
      expect(objections(`{ ${many} } fragment F on __Schema { ${nested(6)} }`).join()).to.match(ONCE);
      expect(objections("{ __schema { a: types { name } b: types { name } } }").join()).to.match(ONCE);
      expect(objections("{ __schema { types { a: __typename } } }").join()).to.match(ONCE);
    });

    it("not its lists within one another, again and again", () => {
      expect(objections(`{ __schema { ${nested(1)} } }`)).to.deep.equal([]);
      expect(objections(`{ __schema { ${nested(2)} } }`).join()).to.match(
        /4 levels of them, and 3 are allowed/,
      );
      const inFragments = `{ __schema { types { ...A } } } fragment A on __Type { inputFields { type { ...B } } }
        fragment B on __Type { ofType { inputFields { type { ofType { inputFields { name } } } } } }`;
      expect(objections(inFragments).join()).to.match(/4 levels of them/);
    });

    it("at most what is answered in a moment", () => {
      const lists = (inside: string) =>
        ["fields", "inputFields", "possibleTypes", "interfaces"]
          .map((name) => `${name} { ${inside} }`)
          .join(" ");
      const name = "name description";
      const within = `type { ${lists(name).replaceAll("possibleTypes { name description } interfaces { name description }", "")} ofType { fields { ${name} } inputFields { ${name} } } }`;
      const question = `{ __schema { types { ${name} fields { ${name} args { ${name} } ${within} } inputFields { ${name} ${within} } } } }`;
      expect(objections(question)).to.deep.equal([]);
      const start = performance.now();
      const { errors } = execute({ schema, document: parse(question) }) as { errors?: unknown };
      expect(errors).to.equal(undefined);
      expect(performance.now() - start).to.be.below(5_000);
    });
  });

  describe("in values", () => {
    const asked = (where: string, type: string, of: unknown) =>
      objections(`query ($of: ${type}) { payments(where: { ${where} }) { items { amount } } }`, {
        of,
      }).join();
    const many = (length: number) => Array.from({ length }, (_, i) => i);
    const nested = (depth: number): object => (depth === 0 ? { chainId: 1 } : { AND: [nested(depth - 1)] });

    it("of one list", () => {
      expect(asked("feeBps_in: $of", "[Int]", many(1_000))).to.equal("");
      expect(asked("feeBps_in: $of", "[Int]", many(1_001))).to.match(
        /list of values has 1001, and 1000 are allowed/,
      );
    });

    it("of one text or number, wherever it stands", () => {
      const most = String(2n ** 256n - 1n);
      expect(asked("amount_gt: $of", "BigInt", `-${most}`)).to.equal("");
      const sentence = /A number has 79 digits, and 78 are allowed/;
      expect(asked("amount_gt: $of", "BigInt", ` +0${most}`)).to.match(sentence);
      expect(asked("AND: $of", "[paymentFilter]", [{ amount_in: [`0${most}`] }])).to.match(sentence);
      const literal = (value: string) =>
        objections(`{ payments(where: { OR: [{ amount_in: ["${value}"] }] }) { totalCount } }`);
      expect(literal(most)).to.deep.equal([]);
      expect(literal(`0${most}`).join()).to.match(sentence);
      const byDefault = `query ($of: BigInt = "0${most}") { payments(where: { amount: $of }) { totalCount } }`;
      expect(objections(byDefault).join()).to.match(sentence);
      expect(asked("seller: $of", "String", "x".repeat(4_001))).to.match(/4001 characters, and 4000 are/);
    });

    it("in how deep a filter", () => {
      // An object and a list a level.
      expect(asked("AND: $of", "[paymentFilter]", [nested(11)])).to.equal("");
      expect(asked("AND: $of", "[paymentFilter]", [nested(12)])).to.match(/more than 24 levels deep/);
      expect(
        asked("AND: $of", "[paymentFilter]", JSON.parse("[".repeat(60_000) + "]".repeat(60_000))),
      ).to.match(/more than 24 levels deep/);
    });

    it("of all lists that compare with them", () => {
      const lists = (count: number) =>
        `query ($of: [Int]) { ${many(count)
          .map((i) => `a${i}: payments(limit: 1, where: { feeBps_in: $of }) { items { amount } }`)
          .join(" ")} }`;
      expect(objections(lists(20), { of: many(1_000) })).to.deep.equal([]);
      expect(objections(lists(21), { of: many(1_000) }).join()).to.match(
        /compares with 21000 values, and 20000 are allowed/,
      );
      const inRows = (given: string) =>
        `query ($of: [Int] = [1, 2]) { payments(limit: 120) { items { events(limit: 1, where: ${given}) { totalCount } } } }`;
      for (const given of ["{ logIndex_in: $of }", "{ OR: [{ logIndex_in: $of }] }"]) {
        expect(objections(inRows(given)), given).to.deep.equal([]);
        expect(objections(inRows(given), { of: many(166) }), given).to.deep.equal([]);
        expect(objections(inRows(given), { of: many(167) }).join()).to.match(/compares with 20040 values/);
      }
    });

    it("each time anew, of a document that was seen before", () => {
      const document = parse(
        "query ($of: [Int], $w: [paymentFilter]) { payments(where: { feeBps_in: $of, AND: $w }) { totalCount } }",
      );
      for (let i = 0; i < 2; ++i) {
        expect(tooLarge(schema, document, { of: [1] })).to.deep.equal([]);
        expect(tooLarge(schema, document, { of: many(1_001) })).to.have.length(1);
        expect(tooLarge(schema, document, { of: [1], w: [nested(30)] })).to.have.length(1);
        expect(tooLarge(schema, document, { of: [1], w: [nested(3)] })).to.deep.equal([]);
      }
    });
  });
});
