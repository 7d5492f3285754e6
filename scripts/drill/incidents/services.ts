import { readFile } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import { untilIndexed } from "../../lib/indexer.js";
import { isPasswordOf } from "../../lib/scram.js";
import { HOUR } from "../../scenario/clock.js";
import { deposit } from "../../scenario/deposits.js";
import { release } from "../../scenario/payouts.js";
import type { Story } from "../../scenario/story.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { indexOf, recordRun } from "../stack/reconciliation-runs.js";
import { act, GUARDIANS } from "./acting.js";

/*
 * What runs beside the chain stops, lags or leaks.
 */

export const silentAlerting: Incident = {
  name: "silent-alerting",
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
  name: "stale-endpoint",
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
  name: "rpc-outage",
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
  name: "writer-down",
  runbook: "index-behind",
  happens: "the writer has ended, and the chain goes on",
  alert: "HoldfastIndexBehind",
  async cause(stack) {
    await stack.services.writer.stop();
    await stack.mine(30);
  },
};

export const apiDown: Incident = {
  name: "api-down",
  runbook: "index-behind",
  happens: "no replica answers",
  alert: "HoldfastApiDown",
  async cause({ services }) {
    await services.api.stop();
  },
};

/** What Postgres keeps of each role's password. */
async function passwordsOf({ postgres }: IncidentStack): Promise<Map<string, string>> {
  const rows = await postgres.query(
    "holdfast",
    "select rolname, rolpassword from pg_authid where rolname like 'holdfast%' and rolpassword is not null",
  );
  return new Map(rows.split("\n").map((row) => row.split("|") as [string, string]));
}

/** The role that has the password of each secret file. The superuser is called otherwise where there are containers. */
const ROLE_OF_SECRET = {
  postgres_password: "holdfast",
  writer_password: "holdfast_writer",
  reader_password: "holdfast_reader",
} as const;

let seen: Map<string, string>;

export const leakedSecret: Incident = {
  name: "leaked-secret",
  runbook: "leaked-secret",
  happens: "the passwords of the database were seen, the superuser's too",
  async cause(stack) {
    const file = path.join(stack.variables.SECRETS, "postgres_password");
    await stack.postgres.query("holdfast", `alter role holdfast password '${await readFile(file, "utf8")}'`);
    seen = await passwordsOf(stack);
    return { SUPERUSER_URL: stack.postgres.url("holdfast") };
  },
  async check(stack) {
    const kept = await passwordsOf(stack);
    for (const [file, role] of Object.entries(ROLE_OF_SECRET)) {
      const stored = kept.get(role);
      if (stored === undefined || stored === seen.get(role))
        throw new Fault(`The database still takes the password of ${role} that was seen.`);
      const password = await readFile(path.join(stack.variables.SECRETS, file), "utf8");
      if (!isPasswordOf(stored, password.trim()))
        throw new Fault(`The database does not take the password of ${role} in ${file}.`);
    }
  },
};

export const badPackage: Incident = {
  name: "bad-package",
  runbook: "package-compromise",
  happens: "a version of a package that is used turns out to be malicious",
  async cause(stack) {
    // Where nothing was ever done by admins, there is nothing to be verified.
    await act(stack, 'ops plan pause --bits deposits --duration 1h --reason "an exercise"', GUARDIANS);
    // It lies under another name: `node_modules/solc-0.8.17`.
    return { PACKAGE: "solc", BAD_VERSION: "0.8.16 0.8.17" };
  },
  afterwards: ({ world }) => world.clock.pass(HOUR),
};

const THREE_DAYS_MS = 3 * 86_400_000;

export const missedReconciliation: Incident = {
  name: "missed-reconciliation",
  runbook: "failed-reconciliation",
  happens: "nothing has reconciled for three days",
  alert: "HoldfastReconciliationMissed",
  cases: ["missed"],
  async cause({ deployDirectory, services, suite }) {
    const at = new Date(Date.now() - THREE_DAYS_MS);
    const index = await indexOf(services.writer.url);
    await recordRun(path.join(deployDirectory, "reconciliations"), suite.record.chainId, { at, index });
    return { FINDINGS: "0" };
  },
};

const WAITING: Story = {
  name: "waiting",
  ends: "Closed",
  tokens: ["USDC"],
  steps: [deposit, release("buyer")],
};

/** A row that says too much, and one that is gone. */
const DAMAGED = 2;

export const failedReconciliation: Incident = {
  name: "failed-reconciliation",
  runbook: "failed-reconciliation",
  happens: "the daily reconciliation meets rows that somebody changed",
  alert: "HoldfastReconciliationFailed",
  cases: ["differences"],
  async cause(stack) {
    const { postgres, services, suite, world } = stack;
    await stack.begin(WAITING);
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
    const reconcile = "npx hardhat reconcile --network local --schema holdfast_1 --by daily";
    await suite.terminal.type(reconcile, 1, { DATABASE_URL: stack.variables.DATABASE_URL });
    return { FINDINGS: String(DAMAGED) };
  },
};

export const wrongIndex: Incident = {
  name: "wrong-row",
  runbook: "index-wrong",
  happens: "a row was changed by hand",
  async cause(stack) {
    const { postgres, services, suite, world, writing } = stack;
    await stack.begin(WAITING);
    const head = await world.provider.getBlockNumber();
    await untilIndexed(services.writer.url, suite.record.chainId, head);
    // Ponder's triggers note changed tables in a table of each of its own sessions.
    await postgres.query(
      "holdfast",
      `create temporary table live_query_tables (table_name text primary key);
       update holdfast_1.payment set released = released + 1 where payment_id =
         (select payment_id from holdfast_1.payment order by created_at desc limit 1)`,
    );
    return { NEXT_SCHEMA: writing.nextSchema };
  },
};
