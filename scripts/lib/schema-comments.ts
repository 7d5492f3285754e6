import { readFile } from "node:fs/promises";

import ts from "typescript";

const SCHEMA = new URL("../../indexer/ponder.schema.ts", import.meta.url);

/** What the source says of tables and columns, by `table` and `table.column`. */
export type SchemaComments = ReadonlyMap<string, string>;

/** Reads the comments in the read model's schema; those of columns that several tables share, for each of them. */
export async function readSchemaComments(): Promise<SchemaComments> {
  const source = ts.createSourceFile(
    "schema.ts",
    await readFile(SCHEMA, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const comments = new Map<string, string>();
  const shared = new Map<string, ts.ObjectLiteralExpression>();

  const readColumns = (table: string, columns: ts.ObjectLiteralExpression): void => {
    for (const member of columns.properties) {
      if (ts.isSpreadAssignment(member) && ts.isCallExpression(member.expression)) {
        const others = shared.get(member.expression.expression.getText());
        if (others) readColumns(table, others);
      } else if (member.name) {
        note(comments, `${table}.${member.name.getText()}`, member);
      }
    }
  };

  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    const [declaration] = statement.declarationList.declarations;
    const name = declaration!.name.getText();
    const value = declaration!.initializer;
    if (value && ts.isArrowFunction(value)) {
      const columns = objectOf(value);
      if (columns) shared.set(name, columns);
    } else if (value && ts.isCallExpression(value) && value.expression.getText() === "onchainTable") {
      note(comments, name, statement);
      const columns = objectOf(value.arguments[1]);
      if (columns) readColumns(name, columns);
    }
  }
  return comments;
}

/** The object that `(t) => ({ … })` gives. */
function objectOf(node: ts.Node | undefined): ts.ObjectLiteralExpression | undefined {
  if (!node || !ts.isArrowFunction(node) || !ts.isParenthesizedExpression(node.body)) return undefined;
  const { expression } = node.body;
  return ts.isObjectLiteralExpression(expression) ? expression : undefined;
}

function note(comments: Map<string, string>, name: string, node: ts.Node): void {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = comment && ts.getTextOfJSDocComment(comment.comment);
  if (text) comments.set(name, text.replaceAll(/\s+/g, " "));
}
