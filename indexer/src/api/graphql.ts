import { GraphQLError, parse } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import schema from "ponder:schema";

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

declare const PONDER_DATABASE: { readonlyQB: unknown };

/** The one endpoint for all questions: those that Ponder generates from the tables, and our own. */
export const yoga = createYoga({
  graphqlEndpoint: "*",
  schema: withQuestions(buildGraphQLSchema({ schema }), words, answers),
  context: () => ({
    qb: PONDER_DATABASE.readonlyQB,
    getDataLoader: buildDataLoaderCache(PONDER_DATABASE.readonlyQB),
  }),
  logging: false,
  maskedErrors: false,
  parserAndValidationCache: false,
  plugins: [limits],
});
