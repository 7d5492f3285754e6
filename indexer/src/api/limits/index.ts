import {
  GraphQLError,
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";

import { COSTS, sizeOf, type Size } from "./size.js";
import { countOf, objectionToValue } from "./values.js";

/** How much one operation may ask for. Relations lead back and forth, so without bounds one could ask for everything. */
export const LIMITS = {
  tokens: 1000,
  depth: 24,
  aliases: 30,
  rows: 20_000,
  values: 20_000,
  /** As many as the question has with which tools read the whole schema. */
  schemas: 1,
  lists: 3,
} as const;

/** What was found of a document, which holds for as long as as much is asked for by its variables. */
interface Found {
  readonly variables: ReadonlySet<string>;
  readonly amounts: string;
  readonly objections: GraphQLError[];
}

/** Of the documents that were measured last. */
const found = new WeakMap<DocumentNode, Found>();

/** What is wrong with operations that are too deep, too wide or may return too much, before anything is asked of the database. */
export function tooLarge(
  schema: GraphQLSchema,
  document: DocumentNode,
  given?: Variables | null,
): GraphQLError[] {
  const variables = given ?? {};
  // First of all: whatever else reads the variables may rely on it.
  const objection = objectionToValue(Object.values(variables), 0);
  if (objection !== undefined) return [refusal(objection)];
  const known = found.get(document);
  if (known && amountsOf(known.variables, variables) === known.amounts) return known.objections;
  const read = new Set<string>();
  const objections = objectionsToAll(schema, document, variables, read);
  found.set(document, { variables: read, amounts: amountsOf(read, variables), objections });
  return objections;
}

type Variables = Readonly<Record<string, unknown>>;

/** What is given as null is not left out: then there is no default. */
const amountsOf = (names: ReadonlySet<string>, variables: Variables): string =>
  [...names]
    .map((name) => {
      if (!Object.hasOwn(variables, name)) return "none";
      const value = variables[name];
      return typeof value === "number" ? String(value) : `${typeof value} ${countOf(value)}`;
    })
    .join();

const refusal = (problem: string, nodes?: OperationDefinitionNode) =>
  new GraphQLError(problem, { nodes, extensions: { code: "TOO_LARGE" } });

/** @param read Gets the names of the variables that this depends on. */
function objectionsToAll(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables,
  read: Set<string>,
): GraphQLError[] {
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
    ),
  );
  return document.definitions.flatMap((operation) => {
    if (operation.kind !== Kind.OPERATION_DEFINITION) return [];
    const type = schema.getRootType(operation.operation) ?? undefined;
    const defaults = defaultsOf(operation);
    const size = sizeOf(
      operation.selectionSet,
      { type, rows: 1 },
      {
        variable: (name) => {
          read.add(name);
          return Object.hasOwn(variables, name) ? variables[name] : defaults.get(name);
        },
        fragment: (name) => fragments.get(name),
        measured: new Map(),
      },
    );
    size.objection ??= objectionToValue([...defaults.values()], 0);
    return objectionsTo(size).map((problem) => refusal(problem, operation));
  });
}

function objectionsTo({ depth, aliases, rows, values, schemas, lists, objection }: Size): string[] {
  const objections = objection === undefined ? [] : [objection];
  const refuse = (count: number, limit: number, sentence: string) => {
    if (count > limit) objections.push(sentence);
  };
  refuse(
    depth,
    LIMITS.depth,
    `The operation is ${depth} levels deep, and ${LIMITS.depth} are allowed: ask in several.`,
  );
  refuse(
    aliases,
    LIMITS.aliases,
    `The operation has ${aliases} aliases, and ${LIMITS.aliases} are allowed: ask for many rows with a list.`,
  );
  refuse(
    rows,
    LIMITS.rows,
    `The operation may return ${rows} rows, and ${LIMITS.rows} are allowed: give its lists a smaller ` +
      `\`limit\` (or \`first\`) and page with \`after\`; a proof counts as ${COSTS.verifyPayment}.`,
  );
  refuse(
    values,
    LIMITS.values,
    `The operation compares with ${values} values, and ${LIMITS.values} are allowed: give its filters fewer, ` +
      "and the list around them a smaller `limit`, as they count once a row.",
  );
  refuse(
    schemas,
    LIMITS.schemas,
    "The operation asks more than once what the schema says of itself: give one `__schema` or `__type`, and no aliases in it.",
  );
  refuse(
    lists,
    LIMITS.lists,
    `The operation asks for lists in lists of the schema, ${lists} levels of them, and ${LIMITS.lists} are allowed: ask by \`__type\`.`,
  );
  return objections;
}

/** What an operation's variables hold if nobody gives anything else. */
const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Map<string, unknown> =>
  new Map(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
    ),
  );
