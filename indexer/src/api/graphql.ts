import { createYoga, type Plugin } from "graphql-yoga";
import schema from "ponder:schema";

import { buildDataLoaderCache, buildGraphQLSchema } from "./generated.js";
import { LIMITS, operationLimits } from "./limits.js";
import { answers, words } from "./questions/index.js";
import { withQuestions } from "./schema.js";

/** Refuses what is too large while it is parsed and validated, so before it costs anything. */
const limits: Plugin = {
  onParse({ setParseFn, parseFn }) {
    setParseFn((source: string, options?: object) =>
      parseFn(source, { ...options, maxTokens: LIMITS.tokens } as never),
    );
  },
  onValidate({ addValidationRule, context }) {
    const { variables } = (context as { params?: { variables?: Record<string, unknown> } }).params ?? {};
    addValidationRule(operationLimits(variables) as never);
  },
};

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
