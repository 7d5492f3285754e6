import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { lastReconciliations, type Last, type ReconciliationRecord } from "../reconcile/records.js";

/** The last comparison of the read model with the chain, and what somebody must see to because of it. */
export interface Reconciled {
  /** The last that compared a whole and present index; null for never. */
  readonly reconciled: ReconciliationRecord | null;
  /** Runs after it that looked at a part, or at an index that was behind. */
  readonly partialRuns: number;
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
  let last: Last;
  try {
    last = await lastReconciliations(chainId, folder);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { reconciled: null, partialRuns: 0, attention: [error.message] };
  }
  const isOfThisChain = async ({ block, blockHash }: ReconciliationRecord) =>
    (await provider.getBlock(block))?.hash === blockHash;
  const full = last.full !== undefined && (await isOfThisChain(last.full)) ? last.full : null;
  const latest = last.partial.at(-1);
  const isLatestOfThisChain = latest !== undefined && (await isOfThisChain(latest));
  // A later look at another part, or at an index that was behind, takes back nothing of it.
  let found: ReconciliationRecord | undefined;
  for (const run of last.partial.filter(({ outcome }) => outcome !== "clean").reverse()) {
    if (await isOfThisChain(run)) {
      found = run;
      break;
    }
  }
  return {
    reconciled: full,
    partialRuns: isLatestOfThisChain ? last.partial.length : 0,
    attention: [
      ...(full === null || full.outcome === "clean"
        ? []
        : [`The last reconciliation ended with: ${full.outcome}.`]),
      ...(found === undefined
        ? []
        : [`A later reconciliation, which was not of everything, ended with: ${found.outcome}.`]),
    ],
  };
}

/** What `ops status` says of it. */
export function formatReconciled(
  { reconciled, partialRuns }: Omit<Reconciled, "attention">,
  when: (time: number) => string,
): string[] {
  const after = partialRuns === 1 ? "1 run" : `${partialRuns} runs`;
  return [
    reconciled === null ? "never" : formatRun(reconciled, when),
    ...(partialRuns === 0 ? [] : [`${after} since looked at a part, or at an index that was behind`]),
  ];
}

/** A run in one line. */
function formatRun(
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
