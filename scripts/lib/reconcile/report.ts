import Table from "cli-table3";

import { partsOf } from "../../../deploy/reconciliations.js";
import type { Finding } from "./findings.js";
import type { Reconciliation } from "./request.js";

export const FORMATS = ["json", "csv", "markdown"] as const;
export type Format = (typeof FORMATS)[number];

/** Rows with a head: what a report is, before it has a form. */
export interface Tabular {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const findingsTable = (findings: readonly Finding[]): Tabular => ({
  head: ["outcome", "table", "key", "payment", "field", "found", "expected", "what to do"],
  rows: findings.map(({ outcome, table, key, paymentId, field, found, expected, advice }) => [
    outcome,
    table,
    key,
    paymentId ?? "",
    field ?? "",
    found,
    expected,
    advice,
  ]),
});

/** A report as a file. JSON has the whole result, the others the table. */
export function formatReport(format: Format, result: Reconciliation, table: Tabular): string {
  if (format === "csv") return toCsv(table);
  if (format === "markdown") return [`# ${headline(result)}`, "", toMarkdown(table)].join("\n");
  return JSON.stringify({ ...result, table }, null, 2);
}

/** One sentence that says it all, and one more if that is not about the whole index as it should be by now. */
export function headline({
  outcome,
  chainId,
  block,
  payments,
  findings,
  counts,
  scope,
}: Reconciliation): string {
  const found = Object.entries(counts).filter(([name]) => name !== "matched");
  const total = found.reduce((sum, [, n]) => sum + n, 0);
  const what = found.map(([name, n]) => `${n} ${name}`).join(", ");
  const left = total > findings.length ? `, of which the first ${findings.length} are listed` : "";
  const parts = partsOf(scope);
  return (
    `Chain ${chainId} at block ${block.number} (${block.hash}): ${payments} payments, ` +
    (outcome === "clean" ? "no differences" : `${outcome}: ${what}${left}`) +
    (parts.length === 0 ? "." : ` in what was looked at. Not a full reconciliation: ${parts.join("; ")}.`)
  );
}

/** One line about a finding. */
export const sentenceOf = ({ outcome, table, key, field, found, expected }: Finding): string =>
  `${outcome}  ${table} ${key}: ${field === undefined ? "" : `${field} is `}${found}, expected ${expected}`;

/** For people at a terminal. */
export function formatForPeople(result: Reconciliation): string {
  return [
    headline(result),
    ...result.findings
      .slice(0, 100)
      .flatMap(({ outcome, table, key, paymentId, field, found, expected, advice }) => [
        `  ${outcome}  ${table} ${key}${field === undefined ? "" : `, ${field}`}`,
        ...(paymentId === undefined || paymentId === key ? [] : [`    payment   ${paymentId}`]),
        `    found     ${found}`,
        `    expected  ${expected}`,
        `    ${advice}.`,
      ]),
    ...(result.findings.length > 100 ? ["  … the rest is in --report json --out <file>"] : []),
    ...(result.mendable > 0 ? [`--apply mends ${result.mendable} of them.`] : []),
  ].join("\n");
}

export function toTerminalTable({ head, rows }: Tabular): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((cells) => [...cells]));
  return table.toString();
}

/** RFC 4180. A cell that a spreadsheet would take for a formula is made text. */
const toCsv = ({ head, rows }: Tabular) =>
  [head, ...rows]
    .map((cells) =>
      cells.map((cell) => `"${cell.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`).join(","),
    )
    .join("\r\n");

const toMarkdown = ({ head, rows }: Tabular) =>
  [head, head.map(() => "---"), ...rows]
    .map(
      (cells) =>
        `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`,
    )
    .join("\n");
