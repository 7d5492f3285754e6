import { execute, GraphQLError, parse, type DocumentNode, type ExecutionArgs } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import schema from "ponder:schema";

import { ponderLogger } from "../../watch/index.js";
import { batched, batching, type QueryBuilder } from "./batch.js";
import { withStrictBigInts } from "./big-int.js";
import { buildDataLoaderCache, buildGraphQLSchema } from "./generated.js";
import { LIMITS, tooLarge } from "./limits/index.js";
import { withQuickLists } from "./lists/index.js";
import { objection } from "./objection.js";
import { answers, words } from "./questions/index.js";
import { readQuestions } from "./read-questions.js";
import { withQuestions } from "./schema.js";

/** Refuses what is too large before it costs anything. */
const limits: Plugin = {
  onParse({ setParseFn }) {
    // Where in the text each word stood would take more room than what it says.
    const options = { noLocation: true, maxTokens: LIMITS.tokens };
    setParseFn((source: string, given?: object) => parse(source, { ...given, ...options }));
    return ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError && result.message.includes(`${LIMITS.tokens} tokens`)) {
        replaceParseResult(tooLong());
      }
    };
  },
  // Not while it is validated, which is remembered of the text: how much it asks for depends on the variables too.
  onExecute({ args, setResultAndStopExecution }) {
    const { schema, document, variableValues } = args as ExecutionArgs;
    const errors = tooLarge(schema, document, variableValues);
    if (errors.length > 0) setResultAndStopExecution({ errors });
  },
};

/** Yoga's own executor can also answer in parts, which nothing here does, and takes longer for it. */
const plainExecutor: Plugin = {
  onExecute({ setExecuteFn }) {
    setExecuteFn(execute);
  },
};

const remembered = readQuestions();

const forgetsWrongOnes: Plugin = {
  onValidate:
    ({ params }) =>
    ({ valid }) => {
      if (!valid) remembered.forget(params.documentAST as DocumentNode);
    },
};

/** A body that is no question, or ends half way, is no failure of ours. */
const readsForms: Plugin = {
  onRequestParse({ requestParser, setRequestParser }) {
    if (!requestParser) return;
    const reads = async (request: Request) => {
      try {
        return await requestParser(request);
      } catch (error) {
        if (error instanceof SyntaxError) throw objection("`variables` are no JSON: give an object.");
        if (error instanceof GraphQLError) throw error;
        // Such as a connection that its other end has closed half way.
        throw objection("The question could not be read to its end: send it whole.");
      }
    };
    setRequestParser(reads as typeof requestParser);
  },
};

const tooLong = () =>
  new GraphQLError(
    `The operation has more than ${LIMITS.tokens} words and signs: ask in several, and pass values as variables.`,
    { extensions: { code: "TOO_LARGE" } },
  );

/** An error is said as of the first time, with what this makes of it. */
const NOTHING_REMEMBERED = { get: () => undefined, set: () => undefined };

/**
 * Lets objections through, which are made as such. Everything else may have SQL or the name of a server in it: that goes to
 * the log alone.
 */
function masked(error: unknown): Error {
  if (error instanceof GraphQLError) {
    const cause = error.originalError;
    if (!cause || cause instanceof GraphQLError) {
      // What GraphQL itself says of variables. With a path it is about an answer.
      if (!error.path) error.extensions.code ??= "BAD_USER_INPUT";
      return error;
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

const generatedAsk = batching(schema);

/** The one endpoint for all questions: those that Ponder generates from the tables, and our own. */
export const yoga = createYoga({
  graphqlEndpoint: "*",
  // Ponder's: headers for browsers, the editor and the health check.
  cors: false,
  graphiql: false,
  landingPage: false,
  multipart: false,
  schema: withStrictBigInts(
    withQuestions(withQuickLists(buildGraphQLSchema({ schema }), schema), words, answers),
  ),
  context: () => {
    const ask = batched(PONDER_DATABASE.readonlyQB);
    const qb = generatedAsk(PONDER_DATABASE.readonlyQB, ask);
    return { ask, qb, getDataLoader: buildDataLoaderCache(qb) };
  },
  logging: false,
  maskedErrors: { maskError: masked },
  parserAndValidationCache: { documentCache: remembered, errorCache: NOTHING_REMEMBERED },
  plugins: [limits, plainExecutor, forgetsWrongOnes, readsForms],
});
