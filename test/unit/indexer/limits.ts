import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { buildSchema, parse, validate, type GraphQLSchema } from "graphql";

import { tooLarge } from "../../../indexer/src/api/limits.js";

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

  it("measures fragments that spread each other twice at once", () => {
    const fragments = Array.from(
      { length: 95 },
      (_, i) => `fragment F${i} on payment { ...F${i + 1} ...F${i + 1} }`,
    );
    const bomb = `{ payments { items { ...F0 } } } ${fragments.join(" ")} fragment F95 on payment { amount }`;
    expect(objections(bomb)).to.deep.equal([]);
  });
});
