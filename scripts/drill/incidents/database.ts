import path from "node:path";

import { untilIndexed } from "../../lib/indexer.js";
import { deposit } from "../../scenario/deposits.js";
import { release } from "../../scenario/payouts.js";
import type { Story } from "../../scenario/story.js";
import { SmallDisk } from "../../lib/small-disk.js";
import { asThePageSays } from "../../lib/production.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";

/*
 * What happens to the database.
 */

const RELEASED: Story = {
  name: "released",
  ends: "Closed",
  tokens: ["USDC"],
  steps: [deposit, release("buyer")],
};

/** What is only needed where data is lost. */
const needed = ({ postgres, variables }: IncidentStack) => ({
  DUMP: path.join(variables.SECRETS, "..", "holdfast.dump"),
  SUPERUSER_URL: postgres.url("holdfast"),
});

export const databaseDown: Incident = {
  name: "database-down",
  runbook: "database-down",
  happens: "Postgres has crashed",
  alert: "HoldfastDatabaseUnreadable",
  ringsOn: "it looks back for five minutes",
  cases: ["down", "intact"],
  async cause(stack) {
    await stack.postgres.halt("SIGQUIT");
    return needed(stack);
  },
};

/** So many that their rows do not fit into what is left on pages that are there. */
const PAYMENTS = 12;

export const databaseFull: Incident = {
  name: "database-full",
  runbook: "database-down",
  happens: "the disk of the database is full",
  unavailable: SmallDisk.unavailable,
  alert: "HoldfastDatabaseFull",
  ringsOn: "it looks back for five minutes",
  cases: ["full", "intact"],
  async cause(stack) {
    await stack.disk.fill();
    for (let i = 0; i < PAYMENTS; i++) await (await stack.begin(RELEASED)).advance();
    return needed(stack);
  },
  byHand: { room: ({ disk }) => disk.makeRoom() },
};

export const dataLost: Incident = {
  name: "data-lost",
  runbook: "database-down",
  happens: "a disk has damaged the database, and there is a dump of before",
  alert: "HoldfastDatabaseUnreadable",
  ringsOn: "it looks back for five minutes",
  cases: ["lost"],
  async cause(stack) {
    const { postgres, services, suite, variables, world } = stack;
    const known = needed(stack);
    const { DATABASE_URL } = variables;
    await asThePageSays("dump", { DUMP: known.DUMP, DATABASE_URL: DATABASE_URL });
    // Newer than the dump: it can only come from the chain again.
    await (await stack.begin(RELEASED)).advance();
    await untilIndexed(services.writer.url, suite.record.chainId, await world.provider.getBlockNumber());
    await postgres.damage("holdfast", "holdfast_1.payment");
    return known;
  },
};
