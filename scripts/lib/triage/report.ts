import { formatTime } from "../operations/units.js";
import type { Triage } from "./triage.js";

/** What triage found, for somebody who was woken up: what is the matter first, and under each what to type. */
export function formatTriage({ network, chainId, block, checks, findings, unknown }: Triage): string {
  const where = block === null ? "no endpoint answers" : `block ${block.number} of ${formatTime(block.time)}`;
  return [
    `${network}, chain ${chainId}, ${where}`,
    ...findings.flatMap(({ check, reason, paymentId, subject, sentence, command }) => [
      "",
      `${check}: ${reason}${paymentId ? ` — payment ${paymentId}` : subject ? ` — ${subject}` : ""}`,
      `  ${sentence}`,
      `  next: ${command}`,
    ]),
    ...unknown.flatMap(({ check, why, command }) => [
      "",
      `${check}: could not tell`,
      `  ${why}`,
      ...(command === undefined ? [] : [`  next: ${command}`]),
    ]),
    "",
    ...checks.map(({ check, looked }) => `looked: ${check.padEnd(9)} ${looked}`),
    verdictOf(findings.length, unknown.length),
  ].join("\n");
}

const several = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

function verdictOf(findings: number, unknown: number): string {
  const untold = unknown === 0 ? "" : ` ${several(unknown, "thing", "things")} could not be told.`;
  return findings === 0
    ? unknown === 0
      ? "Nothing to see to."
      : `Nothing was found.${untold}`
    : `${several(findings, "finding", "findings")}.${untold}`;
}
