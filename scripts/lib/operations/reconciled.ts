import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { lastReconciliation, type ReconciliationRecord } from "../reconcile/records.js";

/** The last comparison of the read model with the chain, and what somebody must see to because of it. */
export interface Reconciled {
  /** Null for never. */
  readonly reconciled: ReconciliationRecord | null;
  readonly attention: readonly string[];
}

/**
 * Looks up the last reconciliation. One of a block that the chain does not have was of another, such as one that was
 * started anew.
 *
 * @param folder Where the records are, if not in `deploy/reconciliations/`.
 */
export async function readReconciled(
  provider: Provider,
  chainId: number,
  folder?: string,
): Promise<Reconciled> {
  let last: ReconciliationRecord | undefined;
  try {
    last = await lastReconciliation(chainId, folder);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { reconciled: null, attention: [error.message] };
  }
  if (last === undefined || (await provider.getBlock(last.block))?.hash !== last.blockHash) {
    return { reconciled: null, attention: [] };
  }
  const isClean = last.outcome === "clean";
  return {
    reconciled: last,
    attention: isClean ? [] : [`The last reconciliation ended with: ${last.outcome}.`],
  };
}

/** A run in one line. */
export function formatReconciled(
  { at, by, block, outcome, payments, counts, applied }: ReconciliationRecord,
  when: (time: number) => string,
): string {
  const found = Object.entries(counts).filter(([name]) => name !== "matched");
  const what = found.length === 0 ? "" : `: ${found.map(([name, n]) => `${n} ${name}`).join(", ")}`;
  return (
    `${when(Date.parse(at) / 1_000)} at block ${block} by ${by}${applied ? ", after --apply" : ""}: ` +
    `${payments} payments, ${outcome}${what}`
  );
}
