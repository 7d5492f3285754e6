import { Kind, print, type GraphQLScalarType, type GraphQLSchema } from "graphql";

import { objection, shown } from "./objection.js";

/** What cannot be read as a number is an objection to the question; as Ponder reads it, it would be a failure of ours. */
export function withStrictBigInts(schema: GraphQLSchema): GraphQLSchema {
  const scalar = schema.getType("BigInt") as GraphQLScalarType<bigint>;
  scalar.parseValue = (value) => {
    // JSON rounds larger ones, and nobody would know.
    const isExact = typeof value === "string" || Number.isSafeInteger(value);
    return (
      (isExact ? bigIntOf(value as string | number) : undefined) ??
      refuse(typeof value === "string" ? value : JSON.stringify(value))
    );
  };
  scalar.parseLiteral = (literal) =>
    literal.kind === Kind.STRING
      ? (bigIntOf(literal.value) ?? refuse(literal.value))
      : refuse(print(literal));
  return schema;
}

function bigIntOf(value: string | number): bigint | undefined {
  // JavaScript takes it for 0.
  if (typeof value === "string" && value.trim() === "") return undefined;
  try {
    return BigInt(value);
  } catch {
    return undefined;
  }
}

function refuse(given: string): never {
  throw objection(`BigInt cannot be ${shown(given)}: give the digits of a whole number, as text.`);
}
