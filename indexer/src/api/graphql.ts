import { GraphQLError, parse } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import schema from "ponder:schema";

import { ponderLogger } from "../../watch/index.js";
import { batching, type QueryBuilder } from "./batch.js";
import { buildDataLoaderCache, buildGraphQLSchema } from "./generated.js";
import { LIMITS, operationLimits } from "./limits.js";
import { answers, words } from "./questions/index.js";
import { withQuestions } from "./schema.js";

/** Refuses what is too large while it is parsed and validated, so before it costs anything. */
const limits: Plugin = {
  onParse({ setParseFn }) {
    setParseFn((source: string, options?: object) => parse(source, { ...options, maxTokens: LIMITS.tokens }));
    return ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError && result.message.includes(`${LIMITS.tokens} tokens`)) {
        replaceParseResult(tooLong());
      }
    };
  },
  onValidate({ addValidationRule, context }) {
    const { variables } = (context as { params?: { variables?: Record<string, unknown> } }).params ?? {};
    addValidationRule(operationLimits(variables));
  },
};

const tooLong = () =>
  new GraphQLError(
    `The operation has more than ${LIMITS.tokens} words and signs: ask in several, and pass values as variables.`,
    { extensions: { code: "TOO_LARGE" } },
  );

/** How Ponder's own objections to a question begin; what it throws otherwise comes from the database. */
const OBJECTION = /^(Invalid |Cannot specify |Unknown |Unexpected )/;

/** Lets objections through. Everything else may have SQL or the name of a server in it: that goes to the log alone. */
function masked(error: unknown): Error {
  if (error instanceof GraphQLError) {
    const cause = error.originalError;
    if (!cause || cause instanceof GraphQLError) return error;
    if (OBJECTION.test(cause.message)) {
      return new GraphQLError(error.message, {
        nodes: error.nodes,
        path: error.path,
        extensions: { code: "BAD_USER_INPUT" },
      });
    }
  }
  ponderLogger()?.warn({ msg: "A question could not be answered", error });
  return new GraphQLError(
    "The read model could not answer: ask again, and if that does not help, tell who runs it.",
    {
      // The status is what the promises to consumers are watched by.
      extensions: { code: "INTERNAL_SERVER_ERROR", http: { status: 500 } },
    },
  );
}

declare const PONDER_DATABASE: { readonlyQB: QueryBuilder };

/** The one endpoint for all questions: those that Ponder generates from the tables, and our own. */
export const yoga = createYoga({
  graphqlEndpoint: "*",
  schema: withQuestions(buildGraphQLSchema({ schema }), words, answers),
  context: () => {
    const qb = batching(PONDER_DATABASE.readonlyQB, schema);
    return { qb, getDataLoader: buildDataLoaderCache(qb) };
  },
  logging: false,
  maskedErrors: { maskError: masked },
  parserAndValidationCache: false,
  plugins: [limits],
});
