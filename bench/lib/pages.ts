import { glob, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = "docs/contracts/**/*.md";

/** A row of a page that ends in a number and begins with the name of what was measured. */
const FIGURE = /^(?<start>\| `(?<name>\w+)` +\|.*\|)(?<gas> +[\d,]+) \|$/gm;

export interface Figure {
  /** From the project's root. */
  readonly page: string;
  /** A key of bench/results/gas.json. */
  readonly name: string;
  readonly gas: number;
}

/** Every figure on the pages of the operations. */
export async function readFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for await (const page of glob(PAGES, { cwd: ROOT })) {
    for (const { groups } of (await readFile(ROOT + page, "utf8")).matchAll(FIGURE)) {
      figures.push({ page, name: groups!.name!, gas: Number(groups!.gas!.replaceAll(",", "")) });
    }
  }
  return figures;
}

/** Brings the figures on the pages of the operations up to what was measured. */
export async function writeFigures(measured: Readonly<Record<string, unknown>>): Promise<void> {
  for await (const page of glob(PAGES, { cwd: ROOT })) {
    const text = await readFile(ROOT + page, "utf8");
    const updated = withFigures(text, measured);
    if (updated !== text) await writeFile(ROOT + page, updated);
  }
}

/** A page's text with the figures that were measured; whatever was not keeps its own. */
export const withFigures = (text: string, measured: Readonly<Record<string, unknown>>): string =>
  text.replaceAll(FIGURE, (row: string, start: string, name: string, old: string) => {
    const gas = measured[name];
    return typeof gas === "number" ? `${start}${` ${gas.toLocaleString("en")}`.padStart(old.length)} |` : row;
  });
