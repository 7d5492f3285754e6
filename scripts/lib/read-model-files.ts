import { readFile, writeFile } from "node:fs/promises";

import { format } from "prettier";

import { schemaFile, typedClient } from "./graphql-schema.js";
import { schemaReference } from "./schema-reference.js";

const root = new URL("../../", import.meta.url);
const QUESTIONS = "docs/client/queries.graphql";

const formatted = async (text: string, parser: string) => format(text, { parser, printWidth: 110 });

/** The files that are written from the read model's schema, by path. */
export async function readModelFiles(): Promise<ReadonlyMap<string, string>> {
  const questions = await readFile(new URL(QUESTIONS, root), "utf8");
  return new Map([
    ["indexer/schema.graphql", await formatted(schemaFile(), "graphql")],
    ["docs/schema.md", await schemaReference()],
    ["docs/client/queries.ts", await formatted(await typedClient(questions), "typescript")],
  ]);
}

/** Writes them and gives their paths. */
export async function writeReadModelFiles(): Promise<string[]> {
  const files = await readModelFiles();
  for (const [path, text] of files) await writeFile(new URL(path, root), text);
  return [...files.keys()];
}
