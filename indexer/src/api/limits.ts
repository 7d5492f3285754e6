import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

/** How much one operation may ask for. Relations lead back and forth, so without bounds one could ask for everything. */
export const LIMITS = { tokens: 1000, depth: 24, aliases: 30, rows: 20_000 } as const;

/** What costs more than the rows that it returns, as if it were so many. */
const COSTS: Readonly<Record<string, number>> = { verifyPayment: 5_000 };

/** Rows that a list has when the question does not say. */
const DEFAULT_ROWS = 50;

interface Size {
  depth: number;
  aliases: number;
  rows: number;
}

/** What was found of a document, which holds for as long as the variables that say how many rows it wants are the same. */
interface Found {
  readonly variables: ReadonlySet<string>;
  readonly values: string;
  readonly objections: GraphQLError[];
}

/** Of the documents that were measured last. */
const found = new WeakMap<DocumentNode, Found>();

/** What is wrong with operations that are too deep, too wide or may return too much, before anything is asked of the database. */
export function tooLarge(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables = {},
): GraphQLError[] {
  const known = found.get(document);
  if (known && valuesOf(known.variables, variables) === known.values) return known.objections;
  const read = new Set<string>();
  const objections = objectionsToAll(schema, document, variables, read);
  found.set(document, { variables: read, values: valuesOf(read, variables), objections });
  return objections;
}

type Variables = Readonly<Record<string, unknown>>;

/** What is given as null is not left out: then there is no default. */
const valuesOf = (names: ReadonlySet<string>, variables: Variables): string =>
  [...names]
    .map(
      (name) =>
        Object.hasOwn(variables, name) && (typeof variables[name] === "number" ? variables[name] : null),
    )
    .join();

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
        valueOf: (name) => {
          read.add(name);
          return Object.hasOwn(variables, name) ? variables[name] : defaults[name];
        },
        fragment: (name) => fragments.get(name),
        measured: new Map(),
      },
    );
    return objectionsTo(size).map(
      (problem) => new GraphQLError(problem, { nodes: operation, extensions: { code: "TOO_LARGE" } }),
    );
  });
}

function objectionsTo({ depth, aliases, rows }: Size): string[] {
  const objections: string[] = [];
  if (depth > LIMITS.depth) {
    objections.push(
      `The operation is ${depth} levels deep, and ${LIMITS.depth} are allowed: ask in several.`,
    );
  }
  if (aliases > LIMITS.aliases) {
    objections.push(
      `The operation has ${aliases} aliases, and ${LIMITS.aliases} are allowed: ask for many rows with a list.`,
    );
  }
  if (rows > LIMITS.rows) {
    objections.push(
      `The operation may return ${rows} rows, and ${LIMITS.rows} are allowed: give its lists a smaller ` +
        `\`limit\` (or \`first\`) and page with \`after\`; a proof counts as ${COSTS.verifyPayment}.`,
    );
  }
  return objections;
}

/** The whole numbers that an operation's variables have if nobody gives others. */
const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, number> =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );

/** What the size of one operation depends on. */
interface Operation {
  valueOf: (variable: string) => unknown;
  fragment: (name: string) => FragmentDefinitionNode | undefined;
  /** Each fragment is measured once a place: fragments that spread each other twice would else take for ever. */
  measured: Map<string, Size>;
}

/** Where a selection stands: in an object of which type, and how many rows a list in it has. */
interface Place {
  type: GraphQLNamedType | undefined;
  rows: number;
}

const NOTHING: Size = { depth: 0, aliases: 0, rows: 0 };

function sizeOf(selections: SelectionSetNode, place: Place, operation: Operation): Size {
  const size = { ...NOTHING };
  for (const selection of selections.selections) {
    const part =
      selection.kind === Kind.FIELD
        ? sizeOfField(selection, place, operation)
        : selection.kind === Kind.INLINE_FRAGMENT
          ? sizeOf(selection.selectionSet, place, operation)
          : sizeOfFragment(selection.name.value, place, operation);
    size.depth = Math.max(size.depth, part.depth);
    size.aliases += part.aliases;
    size.rows += part.rows;
  }
  return size;
}

function sizeOfFragment(name: string, place: Place, operation: Operation): Size {
  const key = `${name} ${place.rows}`;
  const known = operation.measured.get(key);
  if (known) return known;
  // A fragment that leads back to itself is refused by a rule of its own.
  operation.measured.set(key, NOTHING);
  const fragment = operation.fragment(name);
  const size = fragment ? sizeOf(fragment.selectionSet, place, operation) : NOTHING;
  operation.measured.set(key, size);
  return size;
}

function sizeOfField(field: FieldNode, place: Place, operation: Operation): Size {
  const aliases = field.alias ? 1 : 0;
  if (!field.selectionSet) return { depth: 1, aliases, rows: 0 };
  const definition = isObjectType(place.type) ? place.type.getFields()[field.name.value] : undefined;
  const type = definition && getNamedType(definition.type);
  // What the schema says of itself is not asked of the database.
  const isList = definition && isListType(getNullableType(definition.type)) && !type?.name.startsWith("__");
  const rows = rowsAskedFor(field, operation);
  const inside = sizeOf(field.selectionSet, { type, rows }, operation);
  const count = isList ? place.rows : 1;
  const own = (isList ? count : 0) + (COSTS[field.name.value] ?? 0);
  // The rows of a page are read whether they or only the page's ends are asked for.
  const below = isPage(type) ? Math.max(inside.rows, rows, 1) : inside.rows;
  return { depth: inside.depth + 1, aliases: inside.aliases + aliases, rows: own + count * below };
}

const isPage = (type: GraphQLNamedType | undefined): boolean =>
  isObjectType(type) && ["items", "entries"].some((name) => name in type.getFields());

function rowsAskedFor(field: FieldNode, { valueOf }: Operation): number {
  const argument = field.arguments?.find(({ name }) => ["limit", "first"].includes(name.value))?.value;
  const value =
    argument?.kind === Kind.INT
      ? Number(argument.value)
      : argument?.kind === Kind.VARIABLE
        ? valueOf(argument.name.value)
        : undefined;
  return typeof value === "number" ? Math.max(value, 0) : DEFAULT_ROWS;
}
