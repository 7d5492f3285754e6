import { readFile } from "node:fs/promises";

/**
 * The rows of a table that a page marks with `<!-- table: <marker> -->` on the line before it, by the titles of its
 * columns. `page` is named from the project's root.
 */
export async function docTable<Column extends string>(
  page: string,
  marker: string,
  columns: readonly Column[],
): Promise<Record<Column, string>[]> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), "utf8");
  const [, table] = new RegExp(`<!-- table: ${marker} -->\\n+((?:\\|.*\\n)+)`).exec(text) ?? [];
  if (table === undefined) throw new Error(`${page} has no table marked ${marker}.`);
  const [head, , ...rows] = table.trimEnd().split("\n").map(cellsOf);
  if (head!.join() !== columns.join()) throw new Error(`The columns of ${marker} are ${head!.join(", ")}.`);
  return rows.map(
    (cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i]])) as Record<Column, string>,
  );
}

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
