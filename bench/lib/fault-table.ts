import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What came of one fault on one kind of database. */
export interface Outcome {
  fault: string;
  database: string;
  /** How it is meant to end: `survives`, or `stops` with a sentence, after which what that says leads on. */
  outcome: "survives" | "stops";
  rounds: number;
  /** After how many of them every table was, row for row, that of a fresh index. */
  right: number;
  /** Seconds from the end of the fault (or from the stop) until the index was at the chain's head. */
  recoverySeconds: { median: number; longest: number };
  seeds: string[];
  /** What was wrong, by seed. */
  wrong?: Record<string, string>;
}

export const PAGE = fileURLToPath(new URL("../../docs/faults.md", import.meta.url));
const TABLE = /(<!-- table: faults -->\n\n)(?:\|.*\n)*/;
const columns = ["fault", "database", "outcome", "right", "recovery"] as const;
type Row = Record<(typeof columns)[number], string>;

/** A row for each outcome, as the page has it. */
export function rowsOf(outcomes: readonly Outcome[]): Row[] {
  return [...outcomes]
    .sort((a, b) => a.fault.localeCompare(b.fault) || a.database.localeCompare(b.database))
    .map(({ fault, database, outcome, rounds, right, recoverySeconds: { median, longest } }) => ({
      fault,
      database,
      outcome,
      right: `${right} of ${rounds}`,
      recovery: median === longest ? `${median} s` : `${median} s, at most ${longest} s`,
    }));
}

/** Brings the table on the page up to what came of the faults. */
export async function writeTable(outcomes: readonly Outcome[]): Promise<void> {
  const text = await readFile(PAGE, "utf8");
  await writeFile(
    PAGE,
    text.replace(TABLE, (_, marker: string) => marker + tableOf(rowsOf(outcomes))),
  );
}

function tableOf(rows: readonly Row[]): string {
  const cells = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  const [head, ...body] = cells.map((line) => line.map((cell, i) => cell.padEnd(widths[i]!)));
  const rule = widths.map((width) => "-".repeat(width));
  return [head!, rule, ...body].map((line) => `| ${line.join(" | ")} |\n`).join("");
}
