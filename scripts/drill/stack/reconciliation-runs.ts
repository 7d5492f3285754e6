import { zeroPadValue } from "ethers";

import { recordReconciliation } from "../../lib/reconcile/records.js";
import type { Reconciliation } from "../../lib/reconcile/request.js";

/** Records a run of `npx hardhat reconcile` that found nothing, unless it is told otherwise, without running it. */
export const recordRun = (
  folder: string,
  chainId: number,
  { at = new Date(), ...change }: Partial<Reconciliation> & { at?: Date } = {},
): Promise<void> =>
  recordReconciliation(
    {
      chainId,
      block: { number: 8, hash: zeroPadValue("0x08", 32), timestamp: 0 },
      outcome: "clean",
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
