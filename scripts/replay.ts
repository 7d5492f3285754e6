import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Fault } from "../deploy/fault.js";
import { indexedChains } from "../indexer/deployments.js";
import { command } from "./lib/command.js";
import { startIndexer } from "./lib/indexer.js";
import { freePort } from "./lib/processes.js";
import { differingRows, Tables, type Database } from "./lib/tables.js";

interface Arguments {
  database: string;
  schema: string;
}

const REPLAY_TIMEOUT_SECONDS = 24 * 60 * 60;

/**
 * Replays the logs of the chains into an empty database, up to the block at which the given one stands, and compares
 * every table byte for byte. The exit code is 0 if they are identical and 1 if not.
 */
export default command(async ({ database, schema }: Arguments) => {
  await using original = await Tables.open(databaseAt(database), schema);
  const blocks = await original.blocks();
  for (const [chainId, block] of blocks) console.log(`Replaying chain ${chainId} up to block ${block} …`);

  const directory = await mkdtemp(join(tmpdir(), "holdfast-replay-"));
  try {
    const replayed = { databaseDir: join(directory, "pglite") };
    const { recordsDir, rpcUrls } = sources(blocks);
    const indexer = await startIndexer({
      ...replayed,
      recordsDir,
      rpcUrls,
      port: await freePort(),
      // In every mode: what it writes is its own and is gone afterwards.
      env: { HOLDFAST_MODE: "live" },
      lastBlocks: Object.fromEntries(blocks),
      timeoutSeconds: REPLAY_TIMEOUT_SECONDS,
    });
    await indexer.stop();
    await using replay = await Tables.open(replayed);
    await report(original, replay);
  } finally {
    await rm(directory, { recursive: true });
  }
});

async function report(original: Tables, replay: Tables): Promise<void> {
  for (const [table, { rows, hash }] of await original.digests()) {
    console.log(`${table.padEnd(22)} ${String(rows).padStart(9)} rows  ${hash}`);
  }
  const differences = await differingRows(original, replay);
  for (const { table, position, left, right } of differences) {
    console.log(`\n${table} differs at row ${position}.`);
    console.log(`  the database: ${left ?? "has no such row"}`);
    console.log(`  the replay:   ${right ?? "has no such row"}`);
  }
  console.log(
    differences.length === 0
      ? "\nThe replay is identical, byte for byte."
      : `\n${differences.length} tables differ from the replay: index anew, and find out why.`,
  );
  process.exitCode = differences.length === 0 ? 0 : 1;
}

/** The endpoints of exactly those chains that the database has. */
function sources(blocks: ReadonlyMap<number, number>) {
  const chains = indexedChains({ ...process.env, HOLDFAST_CHAINS: [...blocks.keys()].join(",") });
  return {
    recordsDir: process.env.HOLDFAST_RECORDS_DIR ?? join(import.meta.dirname, "../deploy/records"),
    rpcUrls: Object.fromEntries(chains.map(({ id, rpc }) => [id, rpc])),
  };
}

function databaseAt(where: string): Database {
  if (/^postgres(ql)?:\/\//.test(where)) return { databaseUrl: where };
  if (where === "") {
    throw new Fault("Say which database: --database <directory of PGlite, or a postgres:// URL>.");
  }
  return { databaseDir: where };
}
