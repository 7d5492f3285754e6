import { zeroPadValue } from "ethers";

import { ReadModel } from "../../lib/read-model.js";
import { recordReconciliation } from "../../lib/reconcile/records.js";
import type { Reconciliation } from "../../lib/reconcile/request.js";

/** Which index an indexer answers from, as records of runs have it. */
export async function indexOf(indexerUrl: string): Promise<string> {
  const { reconciliationRuns } = await new ReadModel(indexerUrl).ask<{
    reconciliationRuns: { index: string };
  }>("{ reconciliationRuns(chainId: 0, first: 1) { index } }");
  return reconciliationRuns.index;
}

/** Records a run of `npx hardhat reconcile` that found nothing, unless it is told otherwise, without running it. */
export const recordRun = (
  folder: string,
  chainId: number,
  { at = new Date(), index, ...change }: Partial<Reconciliation> & { at?: Date; index: string },
): Promise<void> =>
  recordReconciliation(
    {
      chainId,
      block: { number: 8, hash: zeroPadValue("0x08", 32), timestamp: 0 },
      outcome: "clean",
      scope: { source: "database", schema: "holdfast_1", index, behind: 0 },
      findings: [],
      counts: { matched: 40 },
      mendable: 0,
      rows: {},
      payments: 4,
      rpcCalls: 30,
      stateCalls: 20,
      seconds: { logs: 1, state: 0.25, rows: 0.25 },
      tokens: [],
      ...change,
    },
    { by: "daily", at, applied: false, folder },
  );
