import { expect } from "chai";
import { createSchema, createYoga } from "graphql-yoga";

import { compiled } from "../../../indexer/src/api/compiled.js";

/** More often than until it is compiled. */
const TIMES = 5;

describe("questions that are compiled when they are asked again", () => {
  let resolved = 0;
  const yoga = createYoga({
    schema: createSchema({
      typeDefs: "type Query { twice(n: Int!): Int! words: [String!] fails: Int! }",
      resolvers: {
        Query: {
          twice: (_parent, { n }: { n: number }) => (resolved++, 2 * n),
          words: () => Promise.resolve(["a", "b"]),
          fails: () => Promise.reject(new Error("SQL of the house")),
        },
      },
    }),
    plugins: [compiled],
    parserAndValidationCache: true,
    logging: false,
  });

  async function ask(query: string, variables?: object, operationName?: string): Promise<unknown> {
    const body = JSON.stringify({ query, variables, operationName });
    const headers = { "content-type": "application/json" };
    const response = await yoga.fetch("http://here/graphql", { method: "POST", headers, body });
    const answer = (await response.json()) as { errors?: { locations?: unknown }[] };
    // Where in the question a failure of ours happened is not said again; its path is.
    answer.errors?.forEach((error) => delete error.locations);
    return answer;
  }

  it("answer with the variables of each time", async () => {
    const question = "query ($n: Int!, $more: Boolean!) { twice(n: $n) words @include(if: $more) }";
    for (let n = 0; n < TIMES; ++n) {
      expect(await ask(question, { n, more: n % 2 === 0 })).to.deep.equal({
        data: { twice: 2 * n, ...(n % 2 === 0 ? { words: ["a", "b"] } : {}) },
      });
    }
    expect(resolved).to.equal(TIMES);
  });

  it("answer the operation that is named, of several in one document", async () => {
    const document = "query one { twice(n: 1) } query two { twice(n: 2) }";
    for (let n = 0; n < TIMES; ++n) {
      expect(await ask(document, {}, "one")).to.deep.equal({ data: { twice: 2 } });
      expect(await ask(document, {}, "two")).to.deep.equal({ data: { twice: 4 } });
    }
  });

  it("tell of the schema as they did", async () => {
    const question =
      "{ __typename __schema { queryType { fields { name type { kind ofType { name } } } } } }";
    const first = await ask(question);
    expect(first).to.have.nested.property("data.__schema.queryType.fields[0].name", "twice");
    for (let n = 1; n < TIMES; ++n) expect(await ask(question)).to.deep.equal(first);
  });

  it("refuse the same variables, and hide the same failures", async () => {
    for (const [question, variables] of [
      ["query ($n: Int!) { twice(n: $n) }", { n: "many" }],
      ["query ($n: Int!) { twice(n: $n) }", {}],
      ["{ fails }", undefined],
      ["query a { words } query b { words }", undefined],
    ] as const) {
      const first = await ask(question, variables);
      expect(first).to.have.nested.property("errors[0].message").that.does.not.contain("SQL");
      for (let n = 1; n < TIMES; ++n) expect(await ask(question, variables)).to.deep.equal(first);
    }
  });
});
