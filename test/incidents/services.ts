import path from "node:path";

import { untilIndexed } from "../../scripts/lib/indexer.js";
import { deposit } from "../../scripts/scenario/deposits.js";
import { release } from "../../scripts/scenario/payouts.js";
import type { Incident } from "../support/incidents/incident.js";
import { recordRun } from "../support/reconciliation-runs.js";

/*
 * What runs beside the chain stops, lags or leaks.
 */

export const silentAlerting: Incident = {
  runbook: "alerting",
  happens: "Alertmanager is down, and nobody is told of anything",
  async cause(stack) {
    await stack.services.alertmanager.stop();
  },
  check: async (stack) => {
    await stack.pager.hear("firing", "Watchdog", Date.now() - 30_000, 30);
  },
};

export const staleEndpoint: Incident = {
  runbook: "slow-rpc",
  happens: "one of two RPC endpoints is stale",
  alert: "HoldfastRpcEndpointBehind",
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  async cause({ endpoints }) {
    endpoints.first.lagBy(20);
    return { BAD_ENDPOINT: new URL(endpoints.first.url).host };
  },
};

export const outage: Incident = {
  runbook: "chain-or-rpc-outage",
  happens: "no RPC endpoint answers",
  alert: "HoldfastChainUnreachable",
  cases: ["outage"],
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  async cause({ endpoints }) {
    for (const endpoint of [endpoints.first, endpoints.second]) endpoint.behave(() => ({ as: "dead" }));
    return { SPARE_RPC_URL: endpoints.spare.url };
  },
};

export const writerDown: Incident = {
  runbook: "index-behind",
  happens: "the writer has ended, and the chain goes on",
  alert: "HoldfastIndexBehind",
  async cause(stack) {
    await stack.services.writer.stop();
    await stack.mine(30);
  },
};

export const apiDown: Incident = {
  runbook: "index-behind",
  happens: "no replica answers",
  alert: "HoldfastApiDown",
  async cause({ services }) {
    await services.api.stop();
  },
};

export const leakedSecret: Incident = {
  runbook: "leaked-secret",
  happens: "the passwords of the database were seen",
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  async cause({ postgres }) {
    return { SUPERUSER_URL: postgres.url("holdfast") };
  },
};

export const badPackage: Incident = {
  runbook: "package-compromise",
  happens: "a version of a package that is used turns out to be malicious",
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  async cause() {
    // It lies under another name: `node_modules/solc-0.8.17`.
    return { PACKAGE: "solc", BAD_VERSION: "0.8.16 0.8.17" };
  },
};

const THREE_DAYS_MS = 3 * 86_400_000;

export const missedReconciliation: Incident = {
  runbook: "failed-reconciliation",
  happens: "nothing has reconciled for three days",
  alert: "HoldfastReconciliationMissed",
  cases: ["missed"],
  async cause({ deployDirectory, suite }) {
    const at = new Date(Date.now() - THREE_DAYS_MS);
    await recordRun(path.join(deployDirectory, "reconciliations"), suite.record.chainId, { at });
    return { FINDINGS: "0" };
  },
};

/** A row that says too much, and one that is gone. */
const DAMAGED = 2;

export const failedReconciliation: Incident = {
  runbook: "failed-reconciliation",
  happens: "the daily reconciliation meets rows that somebody changed",
  alert: "HoldfastReconciliationFailed",
  cases: ["differences"],
  async cause(stack) {
    const { postgres, services, suite, world } = stack;
    await stack.begin({
      name: "waiting",
      ends: "Closed",
      tokens: ["USDC"],
      steps: [deposit, release("buyer")],
    });
    const head = await world.provider.getBlockNumber();
    await untilIndexed(services.writer.url, suite.record.chainId, head);
    // As a replica would write: without Ponder's triggers, which would keep it for a reorganisation.
    await postgres.query(
      "holdfast",
      `set session_replication_role = replica;
       update holdfast_1.payment set released = released + 1 where payment_id =
         (select payment_id from holdfast_1.payment order by created_at desc limit 1);
       delete from holdfast_1.payment_event where (block, log_index) =
         (select block, log_index from holdfast_1.payment_event order by block, log_index limit 1)`,
    );
    await suite.terminal.type("npx hardhat reconcile --network local --schema holdfast_1 --by daily", 1);
    return { FINDINGS: String(DAMAGED) };
  },
};

export const wrongIndex: Incident = {
  runbook: "index-wrong",
  happens: "a row was changed by hand",
  async cause({ postgres }) {
    // Ponder's triggers note changed tables in a table of each of its own sessions.
    await postgres.query(
      "holdfast",
      `create temporary table live_query_tables (table_name text primary key);
       update holdfast_1.payment set released = released + 1 where payment_id =
         (select payment_id from holdfast_1.payment order by created_at desc limit 1)`,
    );
    return { NEXT_SCHEMA: "holdfast_2" };
  },
};
