import { readFile } from "node:fs/promises";

export interface Section {
  readonly heading: string;
  readonly text: string;
  /** The cells of its first table, without the head. */
  readonly rows: readonly (readonly string[])[];
}

export interface Page {
  /** From the project's root. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
  readonly sections: readonly Section[];
}

/** A page of the documentation, named from the project's root, in its sections of the second level. */
export async function readPage(path: string): Promise<Page> {
  const text = await readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
  const [top, ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const end = part.indexOf("\n");
    return { heading: part.slice(0, end), text: part.slice(end + 1).trim(), rows: rowsOf(part.slice(end)) };
  });
  return { path, title: /^# (.*)$/m.exec(top!)![1]!, text, sections };
}

export function sectionOf(page: Page, heading: string): Section {
  const section = page.sections.find((found) => found.heading === heading);
  if (section === undefined) throw new Error(`${page.path} has no section "${heading}".`);
  return section;
}

function rowsOf(text: string): string[][] {
  const [table = ""] = /^\|.*\|$(\n\|.*\|$)*/m.exec(text) ?? [];
  return table
    .split("\n")
    .slice(2)
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** What stands in backticks in a text. */
export const codeIn = (text: string): string[] =>
  Array.from(text.matchAll(/`([^`]+)`/g), ([, code]) => code!);
