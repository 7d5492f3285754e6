import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { RULES } from "../../lib/monitoring.js";

/**
 * How much sooner an alert fires here than in production. Only what stands after `for:` is divided by it, which is how long
 * a condition must hold: minutes become seconds. Expressions, with the windows in them, are the real ones.
 */
export const SOONER = 60;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** Writes the rules with shorter `for:` into a directory. */
export async function writeSoonerRules(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const file of ["alerts.yml", "recording.yml"]) {
    const text = await readFile(path.join(RULES, file), "utf8");
    await writeFile(path.join(directory, file), sooner(text));
  }
}

export const sooner = (rules: string) =>
  rules.replaceAll(
    /^( +for: )(\d+)([smh])$/gm,
    (_, label: string, count: string, unit: string) =>
      `${label}${Math.ceil((Number(count) * SECONDS[unit]!) / SOONER)}s`,
  );
