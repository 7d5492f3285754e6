import type { DocumentNode, ExecutionArgs, ExecutionResult } from "graphql";
import { compileQuery, isCompiledQuery, type CompiledQuery } from "graphql-jit";
import type { Plugin } from "graphql-yoga";

/** Compiling takes as long as some answers: it is worth it for what is asked again. */
const ASKED_BEFORE = 2;

interface Operation {
  asked: number;
  run?: CompiledQuery["query"];
}

/** By document, which is the same object for as long as its text is remembered, and the operation's name. */
const known = new WeakMap<DocumentNode, Map<string, Operation>>();

function operationOf({ document, operationName }: ExecutionArgs): Operation {
  const operations = known.get(document) ?? new Map<string, Operation>();
  known.set(document, operations);
  const operation = operations.get(operationName ?? "") ?? { asked: 0 };
  operations.set(operationName ?? "", operation);
  return operation;
}

/** What the schema says of itself is answered by graphql-js: compiled, it is of another copy of it, which refuses our types. */
const isOfSchema = ({ loc }: DocumentNode) => /\b__(schema|type)\b/.test(loc?.source.body ?? "__schema");

/** Answers what was asked before by code compiled from the question, instead of walking through it for every row. */
export const compiled: Plugin = {
  onExecute({ args, executeFn, setExecuteFn }) {
    const asked = args as ExecutionArgs;
    const operation = operationOf(asked);
    operation.asked += 1;
    if (operation.asked === ASKED_BEFORE + 1 && !isOfSchema(asked.document)) {
      const made = compileQuery(asked.schema, asked.document, asked.operationName ?? undefined);
      if (isCompiledQuery(made)) operation.run = made.query;
    }
    const { run } = operation;
    if (!run) return;
    setExecuteFn((now: ExecutionArgs) => {
      const answer = run(now.rootValue, now.contextValue, now.variableValues) as ExecutionResult;
      // What is wrong with variables is said as it was the first time; nothing was asked of the database yet.
      return answer.errors && answer.data === undefined ? (executeFn(now) as ExecutionResult) : answer;
    });
  },
};
