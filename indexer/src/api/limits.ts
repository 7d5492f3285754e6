import {
  GraphQLError,
  Kind,
  type ASTNode,
  type ASTVisitor,
  type FieldNode,
  type SelectionSetNode,
  type ValidationContext,
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

/** Refuses operations that are too deep, too wide or may return too much, before anything is asked of the database. */
export function operationLimits(variables: Readonly<Record<string, unknown>> | undefined) {
  return (context: ValidationContext): ASTVisitor => ({
    OperationDefinition(operation) {
      const { depth, aliases, rows } = sizeOf(operation.selectionSet, context, variables ?? {}, new Set());
      const refuse = (problem: string, node: ASTNode = operation) =>
        context.reportError(new GraphQLError(problem, { nodes: node, extensions: { code: "TOO_LARGE" } }));
      if (depth > LIMITS.depth) {
        refuse(`The operation is ${depth} levels deep, and ${LIMITS.depth} are allowed: ask in several.`);
      }
      if (aliases > LIMITS.aliases) {
        refuse(
          `The operation has ${aliases} aliases, and ${LIMITS.aliases} are allowed: ask for many rows with a list.`,
        );
      }
      if (rows > LIMITS.rows) {
        refuse(
          `The operation may return ${rows} rows, and ${LIMITS.rows} are allowed: give its lists a smaller ` +
            `\`limit\` (or \`first\`) and page with \`after\`; a proof counts as ${COSTS.verifyPayment}.`,
        );
      }
    },
  });
}

function sizeOf(
  selections: SelectionSetNode,
  context: ValidationContext,
  variables: Readonly<Record<string, unknown>>,
  within: ReadonlySet<string>,
): Size {
  const size: Size = { depth: 0, aliases: 0, rows: 0 };
  const add = (part: Size) => {
    size.depth = Math.max(size.depth, part.depth);
    size.aliases += part.aliases;
    size.rows += part.rows;
  };
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) {
      add(sizeOfField(selection, context, variables, within));
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      add(sizeOf(selection.selectionSet, context, variables, within));
    } else if (!within.has(selection.name.value)) {
      // A fragment that leads back to itself is refused by a rule of its own.
      const fragment = context.getFragment(selection.name.value);
      const inside = new Set([...within, selection.name.value]);
      if (fragment) add(sizeOf(fragment.selectionSet, context, variables, inside));
    }
  }
  return size;
}

function sizeOfField(
  field: FieldNode,
  context: ValidationContext,
  variables: Readonly<Record<string, unknown>>,
  within: ReadonlySet<string>,
): Size {
  const aliases = field.alias ? 1 : 0;
  if (!field.selectionSet) return { depth: 1, aliases, rows: 0 };
  const inside = sizeOf(field.selectionSet, context, variables, within);
  const isList = field.selectionSet.selections.some(
    (selection) => selection.kind === Kind.FIELD && ["items", "entries"].includes(selection.name.value),
  );
  const count = isList ? rowsAskedFor(field, variables) : 1;
  const own = (isList ? count : 0) + (COSTS[field.name.value] ?? 0);
  return { depth: inside.depth + 1, aliases: inside.aliases + aliases, rows: own + count * inside.rows };
}

function rowsAskedFor(field: FieldNode, variables: Readonly<Record<string, unknown>>): number {
  const argument = field.arguments?.find(({ name }) => ["limit", "first"].includes(name.value))?.value;
  const value =
    argument?.kind === Kind.INT
      ? Number(argument.value)
      : argument?.kind === Kind.VARIABLE
        ? variables[argument.name.value]
        : undefined;
  return typeof value === "number" ? Math.max(value, 0) : DEFAULT_ROWS;
}
