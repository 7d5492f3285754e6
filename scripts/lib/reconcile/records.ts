import { mkdir, open } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import {
  isFull,
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
    scope: result.scope,
  };
  const file = recordsPath(result.chainId, folder);
  await mkdir(path.dirname(file), { recursive: true });
  await append(file, JSON.stringify(reconciliationSchema.parse(record)));
}

/** Adds a line of its own, also behind one that a run was writing when it was killed. */
async function append(file: string, line: string): Promise<void> {
  const handle = await open(file, "a+");
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    const isTorn = size > 0 && buffer.toString() !== "\n";
    await handle.appendFile(`${isTorn ? "\n" : ""}${line}\n`);
  } finally {
    await handle.close();
  }
}

/** What the record of a chain comes to. */
export interface Last {
  /** The last run that compared a whole and present index, if there was one. */
  readonly full: ReconciliationRecord | undefined;
  /** Those after it, oldest first: of parts, or of an index that was behind. */
  readonly partial: readonly ReconciliationRecord[];
}

/** @throws {@link Fault} if nobody can read the last line. */
export async function lastReconciliations(chainId: number, folder?: string): Promise<Last> {
  const lines = await readReconciliations(chainId, folder);
  if (lines.length > 0 && lines.at(-1)!.run === undefined) {
    throw new Fault(
      `The last line of ${recordsPath(chainId, folder)} is damaged; restore it from git, or remove that line.`,
    );
  }
  const runs = lines.flatMap(({ run }) => run ?? []);
  const at = runs.findLastIndex(isFull);
  return { full: runs[at], partial: runs.slice(at + 1) };
}
