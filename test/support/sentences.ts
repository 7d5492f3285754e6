import { glob, readFile } from "node:fs/promises";

import ts from "typescript";

/** Stands in a sentence for what is put into it. */
const HOLE = "\u0000";

/** All that the program can say: its literals, put together where they are, and the errors of the contracts. */
export async function sentencesOf(...patterns: readonly string[]): Promise<string[]> {
  const sentences: string[] = [];
  for await (const file of glob([...patterns])) {
    const source = await readFile(file, "utf8");
    if (file.endsWith(".sol"))
      sentences.push(...Array.from(source.matchAll(/^\s*error (\w+)/gm), ([, name]) => name!));
    else collect(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true), sentences);
  }
  return sentences;
}

/** Whether a quotation is in a sentence; `…` in it leaves something out. */
export const says = (sentence: string, quotation: string): boolean => {
  let from = 0;
  for (const part of quotation.split("…").map((text) => text.trim())) {
    const at = sentence.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
};

function collect(node: ts.Node, sentences: string[]): void {
  const text = textOf(node);
  if (text !== undefined) sentences.push(text);
  // What is within the holes of a template says something by itself.
  ts.forEachChild(node, (child) => collect(child, sentences));
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return [node.head, ...node.templateSpans.map(({ literal }) => literal)]
      .map(({ text }) => text)
      .join(HOLE);
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? HOLE}${right ?? HOLE}`;
}
