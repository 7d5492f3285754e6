import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { Fault } from "../../../deploy/fault.js";
import { DEPLOY_DIR } from "../../../deploy/place.js";
import type { Reconciliation } from "./request.js";

const schema = z.strictObject({
  /** When it was done, ISO 8601. */
  at: z.string(),
  /** The label that an operator goes by: no personal data. */
  by: z.string(),
  block: z.number().int(),
  blockHash: z.string(),
  outcome: z.enum(["clean", "differences", "could not tell"]),
  payments: z.number().int(),
  counts: z.record(z.number().int()),
  rpcCalls: z.number().int(),
  seconds: z.number(),
  applied: z.boolean(),
});

/** One run, as it is kept. */
export type ReconciliationRecord = z.infer<typeof schema>;

const FOLDER = path.join(DEPLOY_DIR, "reconciliations");

/** One line a run, oldest first, only ever appended to. */
export const recordsPath = (chainId: number, folder = FOLDER) =>
  path.join(folder, String(chainId), "runs.jsonl");

/** What operators may call themselves. */
const LABEL = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** @throws {@link Fault} that says what a label is. */
export function checkLabel(label: string): string {
  if (LABEL.test(label)) return label;
  throw new Fault(
    `--by is a label of lower case letters, digits and dashes, no name or address of a person; it was ${label}.`,
  );
}

/** Keeps a run. */
export async function recordReconciliation(
  result: Reconciliation,
  { by, at, applied, folder }: { by: string; at: Date; applied: boolean; folder?: string },
): Promise<void> {
  const record: ReconciliationRecord = {
    at: at.toISOString(),
    by,
    block: result.block.number,
    blockHash: result.block.hash,
    outcome: result.outcome,
    payments: result.payments,
    counts: { ...result.counts },
    rpcCalls: result.rpcCalls,
    seconds: Math.round(Object.values(result.seconds).reduce((sum, part) => sum + part, 0) * 10) / 10,
    applied,
  };
  const file = recordsPath(result.chainId, folder);
  await mkdir(path.dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(schema.parse(record))}\n`);
}

/** The last run on a chain, or nothing if there was none. */
export async function lastReconciliation(
  chainId: number,
  folder?: string,
): Promise<ReconciliationRecord | undefined> {
  const file = recordsPath(chainId, folder);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const last = text.trimEnd().split("\n").at(-1)!;
  if (last === "") return undefined;
  let written: unknown;
  try {
    written = JSON.parse(last);
  } catch {
    // A run that was killed while it wrote.
  }
  const { success, data } = schema.safeParse(written);
  if (success) return data;
  throw new Fault(`The last line of ${file} is damaged; restore it from git, or remove that line.`);
}
