import { readFile } from "node:fs/promises";

/** A block of code that a page of the documentation offers for copying. */
export interface DocBlock {
  name: string;
  code: string;
}

/** The blocks of a page, named from the project's root, that are fenced as ```` ```<language> <marker>=<name> ````. */
export async function docBlocks(page: string, language: string, marker: string): Promise<DocBlock[]> {
  const text = await readFile(new URL(`../../../${page}`, import.meta.url), "utf8");
  const fences = new RegExp(`^\`\`\`${language} ${marker}=(\\S+)\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return Array.from(text.matchAll(fences), ([, name, code]) => ({ name: name!, code: code! }));
}
