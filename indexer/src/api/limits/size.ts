import {
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  valueFromASTUntyped,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type SelectionSetNode,
} from "graphql";

import { countOf, objectionToValue } from "./values.js";

/** What costs more than the rows that it returns, as if it were so many. */
export const COSTS: Readonly<Record<string, number>> = { verifyPayment: 5_000 };

/** Rows that a list has when the question does not say. */
const DEFAULT_ROWS = 50;

/** How much is asked for. */
export interface Size {
  depth: number;
  aliases: number;
  rows: number;
  /** That filters compare with, those of a list in a list once a row. */
  values: number;
  /** Times that it is asked what the schema says of itself, each alias in that being another. */
  schemas: number;
  /** Lists within lists of what the schema says of itself. */
  lists: number;
  /** What is wrong with a value in the question itself. */
  objection?: string | undefined;
}

/** What the size of one operation depends on. */
export interface Operation {
  variable: (name: string) => unknown;
  fragment: (name: string) => FragmentDefinitionNode | undefined;
  /** Each fragment is measured once a place: fragments that spread each other twice would else take for ever. */
  measured: Map<string, Size>;
}

/** Where a selection stands: in an object of which type, and how many rows a list in it has. */
interface Place {
  type: GraphQLNamedType | undefined;
  rows: number;
}

const NOTHING: Size = { depth: 0, aliases: 0, rows: 0, values: 0, schemas: 0, lists: 0 };

export function sizeOf({ selections }: SelectionSetNode, place: Place, operation: Operation): Size {
  const size = { ...NOTHING };
  for (const selection of selections) {
    const part =
      selection.kind === Kind.FIELD
        ? sizeOfField(selection, place, operation)
        : selection.kind === Kind.INLINE_FRAGMENT
          ? sizeOf(selection.selectionSet, place, operation)
          : sizeOfFragment(selection.name.value, place, operation);
    size.depth = Math.max(size.depth, part.depth);
    size.lists = Math.max(size.lists, part.lists);
    size.aliases += part.aliases;
    size.rows += part.rows;
    size.values += part.values;
    size.schemas += part.schemas;
    size.objection ??= part.objection;
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
  const own = sizeOfFieldItself(field, place, operation);
  if (!field.selectionSet) return own;
  const definition = fieldOf(place.type, field.name.value);
  const type = definition && getNamedType(definition.type);
  const isList = definition !== undefined && isListType(getNullableType(definition.type));
  // What the schema says of itself is not asked of the database.
  const isRows = isList && !isOfSchema(type);
  const rows = rowsAskedFor(field, operation);
  const inside = sizeOf(field.selectionSet, { type, rows }, operation);
  const count = isRows ? place.rows : 1;
  // The rows of a page are read whether they or only the page's ends are asked for.
  const below = isPage(type) ? Math.max(inside.rows, rows, 1) : inside.rows;
  return {
    depth: inside.depth + own.depth,
    aliases: inside.aliases + own.aliases,
    rows: own.rows + (isRows ? count : 0) + count * below,
    values: own.values + count * inside.values,
    schemas: inside.schemas + own.schemas,
    lists: inside.lists + (isList && !isRows ? 1 : 0),
    objection: own.objection ?? inside.objection,
  };
}

/** Without what is inside. */
function sizeOfFieldItself(field: FieldNode, { type }: Place, { variable }: Operation): Size {
  const size: Size = { ...NOTHING, depth: 1, aliases: field.alias ? 1 : 0 };
  size.rows = COSTS[field.name.value] ?? 0;
  const isRoot = field.name.value in OF_SCHEMA;
  size.schemas = (isRoot ? 1 : 0) + (isOfSchema(type) ? size.aliases : 0);
  for (const { value } of field.arguments ?? []) {
    // What variables hold is looked at each time, by itself.
    size.objection ??= objectionToValue(valueFromASTUntyped(value));
    const given =
      value.kind === Kind.VARIABLE ? variable(value.name.value) : valueFromASTUntyped(value, all(variable));
    if (typeof given === "object" && given !== null) size.values += countOf(given);
  }
  return size;
}

/** The variables as an object, of which only those are read that somebody asks for. */
const all = (variable: Operation["variable"]): Record<string, unknown> =>
  new Proxy({}, { get: (_, name) => variable(String(name)) });

/** The questions about the schema, which no type has among its fields. */
const OF_SCHEMA: Readonly<Record<string, GraphQLField<unknown, unknown>>> = Object.assign(
  Object.create(null) as object,
  { __schema: SchemaMetaFieldDef, __type: TypeMetaFieldDef },
);

const fieldOf = (type: GraphQLNamedType | undefined, name: string) =>
  OF_SCHEMA[name] ?? (isObjectType(type) ? type.getFields()[name] : undefined);

const isOfSchema = (type: GraphQLNamedType | undefined): boolean => type?.name.startsWith("__") ?? false;

const isPage = (type: GraphQLNamedType | undefined): boolean =>
  isObjectType(type) && ["items", "entries"].some((name) => name in type.getFields());

function rowsAskedFor(field: FieldNode, { variable }: Operation): number {
  const argument = field.arguments?.find(({ name }) => ["limit", "first"].includes(name.value))?.value;
  const value =
    argument?.kind === Kind.INT
      ? Number(argument.value)
      : argument?.kind === Kind.VARIABLE
        ? variable(argument.name.value)
        : undefined;
  return typeof value === "number" ? Math.max(value, 0) : DEFAULT_ROWS;
}
