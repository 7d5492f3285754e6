import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import {
  LABEL,
  readReconciliations,
  reconciliationSchema,
  recordsPath,
  type ReconciliationRecord,
} from "../../../deploy/reconciliations.js";
import type { Reconciliation } from "./request.js";

export { recordsPath, type ReconciliationRecord };

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
  await appendFile(file, `${JSON.stringify(reconciliationSchema.parse(record))}\n`);
}

/** The last run on a chain, or nothing if there was none. */
export async function lastReconciliation(
  chainId: number,
  folder?: string,
): Promise<ReconciliationRecord | undefined> {
  const last = (await readReconciliations(chainId, folder)).at(-1);
  if (last === undefined || last.run !== undefined) return last?.run;
  throw new Fault(
    `The last line of ${recordsPath(chainId, folder)} is damaged; restore it from git, or remove that line.`,
  );
}
