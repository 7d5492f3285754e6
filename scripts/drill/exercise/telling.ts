import type { Alert } from "../stack/pager.js";
import type { Incident } from "../incident.js";

/** Shows a line to everybody who watches. */
export type Tell = (line: string) => void;

/** A name that can stand at the beginning of a sentence. */
export const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** What the pager says. */
export const inWords = ({ labels, annotations }: Alert): string[] =>
  [
    `  ${labels.alertname} (${labels.severity})`,
    `  ${annotations.summary}`,
    `  ${annotations.description}`,
    `  runbook: ${annotations.runbook}`,
  ].filter((line) => !line.endsWith("undefined"));

/** What people report of what no alert knows. */
export const reported = ({ happens }: Incident) => `Somebody reports: ${sentence(happens)}`;

export const indented = (text: string) => text.replaceAll(/^(?=.)/gm, "  ").trimEnd();

export const seconds = (ms: number) => Math.round(ms / 100) / 10;
