import { GraphQLError } from "graphql";

/** An objection to what somebody asked: it says what was given and what to give. Whatever else is thrown is our failure. */
export const objection = (sentence: string) =>
  new GraphQLError(sentence, { extensions: { code: "BAD_USER_INPUT" } });

/** Text from outside, short enough to be repeated in an answer. */
export const shown = (value: string) => JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
