import { Kind, type FieldNode, type GraphQLResolveInfo, type SelectionSetNode } from "graphql";

/**
 * The names of the fields that are asked of a row.
 *
 * @param inside The field that the rows are in, if what is asked for is not the row itself.
 */
export function fieldsOf({ fieldNodes, fragments }: GraphQLResolveInfo, inside?: "items"): Set<string> {
  const names = new Set<string>();
  // Fragments that spread each other twice would else be read for ever.
  const read = new Map<(field: FieldNode) => void, Set<string>>();
  const eachField = (selected: SelectionSetNode | undefined, take: (field: FieldNode) => void): void => {
    const known = read.get(take) ?? new Set();
    read.set(take, known);
    for (const selection of selected?.selections ?? []) {
      if (selection.kind === Kind.FIELD) take(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) eachField(selection.selectionSet, take);
      else if (!known.has(selection.name.value)) {
        known.add(selection.name.value);
        eachField(fragments[selection.name.value]?.selectionSet, take);
      }
    }
  };
  const note = ({ name }: FieldNode) => names.add(name.value);
  const noteInside = ({ name, selectionSet }: FieldNode) => {
    if (name.value === inside) eachField(selectionSet, note);
  };
  for (const { selectionSet } of fieldNodes) eachField(selectionSet, inside ? noteInside : note);
  return names;
}
