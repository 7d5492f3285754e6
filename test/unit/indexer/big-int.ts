import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { buildSchema, graphql, type GraphQLSchema } from "graphql";

import { withStrictBigInts } from "../../../indexer/src/api/big-int.js";

describe("numbers of any size in questions", () => {
  let schema: GraphQLSchema;
  let given: unknown;
  before(async () => {
    schema = withStrictBigInts(buildSchema(await readFile("indexer/schema.graphql", "utf8")));
    schema.getQueryType()!.getFields().payments!.resolve = (
      _parent,
      args: { where: { amount: unknown } },
    ) => {
      given = args.where.amount;
    };
  });

  const asked = async (value: string, variables?: Record<string, unknown>) => {
    given = undefined;
    const of = variables ? "query ($of: BigInt) " : "";
    const source = `${of}{ payments(where: { amount: ${value} }) { totalCount } }`;
    const { errors = [] } = await graphql({ schema, source, variableValues: variables });
    return { given, refused: errors.find(({ extensions }) => extensions.code === "BAD_USER_INPUT") };
  };

  it("are digits, in the question or in a variable", async () => {
    const most = 2n ** 256n - 1n;
    expect((await asked(`"${most}"`)).given).to.equal(most);
    for (const [variable, is] of [
      [String(-most), -most],
      [String(Number.MAX_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)],
      [7, 7n],
      ["0x10", 16n],
    ]) {
      expect((await asked("$of", { of: variable })).given).to.equal(is);
    }
  });

  it("are refused with what to give otherwise, without a cause that would make it a failure of ours", async () => {
    const literals = [
      '"abc"',
      '""',
      '" "',
      '"1.5"',
      '"1e3"',
      "1",
      "1.5",
      "true",
      "ABC",
      `"${"x".repeat(500)}"`,
      '["1", "2"]',
    ];
    const hostile = JSON.parse('{ "toString": 1, "__proto__": { "valueOf": 2 } }') as object;
    const variables = ["abc", "", "\n", "1.5", 1.5, 2 ** 53, 1e30, true, {}, hostile, ["1", "2"], [[["3"]]]];
    const all = [
      ...(await Promise.all(literals.map((literal) => asked(literal)))),
      ...(await Promise.all(variables.map((of) => asked("$of", { of })))),
    ];
    for (const [i, { given, refused }] of all.entries()) {
      expect(given).to.equal(undefined);
      expect(refused?.message, String(i)).to.match(
        /BigInt cannot be ".{0,200}": give the digits of a whole number, as text\.$/,
      );
      for (let cause = refused?.originalError; cause; cause = (cause as typeof refused)!.originalError) {
        expect(cause).to.have.nested.property("extensions.code", "BAD_USER_INPUT");
      }
    }
  });
});
