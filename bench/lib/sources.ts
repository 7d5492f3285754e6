import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const INDEXER = fileURLToPath(new URL("../../indexer", import.meta.url));

/** What measurements of the read model hold for: the tables with their indexes, and what fills them. */
export async function measuredSources(): Promise<{ schema: string; handlers: string }> {
  const files = await readdir(path.join(INDEXER, "src"), { recursive: true });
  const handlers = files.filter((file) => file.endsWith(".ts") && !file.startsWith(`api${path.sep}`));
  return {
    schema: await hashOf(["ponder.schema.ts"]),
    handlers: await hashOf(handlers.map((file) => path.join("src", file))),
  };
}

/** Of the code alone: comments and types change nothing that is measured. */
async function hashOf(files: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    const source = await readFile(path.join(INDEXER, file), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext, removeComments: true },
    });
    hash.update(`${file.replaceAll(path.sep, "/")}\n${outputText}`);
  }
  return hash.digest("hex");
}
