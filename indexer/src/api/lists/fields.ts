import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type FieldNode,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/**
 * The names of the fields that are asked of a row.
 *
 * @param inside The field that the rows are in, if what is asked for is not the row itself.
 */
export function fieldsOf(info: GraphQLResolveInfo, inside?: "items"): Set<string> {
  const fields = selectedIn(info.fieldNodes, info);
  const wanted = inside
    ? selectedIn(
        fields.filter(({ name }) => name.value === inside),
        info,
      )
    : fields;
  return new Set(wanted.map(({ name }) => name.value));
}

/** The fields that are asked for directly inside some fields, as GraphQL itself collects them. */
function selectedIn(fieldNodes: readonly FieldNode[], info: GraphQLResolveInfo): FieldNode[] {
  const fields: FieldNode[] = [];
  // Fragments that spread each other twice would else be read for ever.
  const read = new Set<string>();
  const collect = (selected: SelectionSetNode | undefined): void => {
    for (const selection of selected?.selections ?? []) {
      if (!isIncluded(selection, info)) continue;
      if (selection.kind === Kind.FIELD) fields.push(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!read.has(selection.name.value)) {
        read.add(selection.name.value);
        collect(info.fragments[selection.name.value]?.selectionSet);
      }
    }
  };
  for (const { selectionSet } of fieldNodes) collect(selectionSet);
  return fields;
}

function isIncluded(selection: SelectionNode, { variableValues }: GraphQLResolveInfo): boolean {
  if (!selection.directives?.length) return true;
  const isTrue = (directive: typeof GraphQLSkipDirective) =>
    getDirectiveValues(directive, selection, variableValues)?.if;
  return isTrue(GraphQLSkipDirective) !== true && isTrue(GraphQLIncludeDirective) !== false;
}
