import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer, type Indexer } from "../../scripts/lib/indexer.js";
import { indexOf, recordRun } from "../../scripts/drill/stack/reconciliation-runs.js";
import { deployEmittedSuite, type EmittedSuite } from "./emitted-suite.js";
import { everyEvent } from "./every-event.js";

/** A chain on which every event of the suite was emitted, for indexers to be started on. */
export interface EmittedStack {
  chainId: number;
  suite: EmittedSuite;
  story: ReturnType<typeof everyEvent>;
  /** Starts an indexer on a database of its own, unless it is told to use another. */
  startIndexer(port: number, database?: { databaseDir: string } | { databaseUrl: string }): Promise<Indexer>;
  newDatabaseDir(): Promise<string>;
  /** Where its indexers read when they were reconciled; each was, once it had started. */
  reconciliations: string;
  /** Stops all that was started and removes all that was written. */
  dispose(): Promise<void>;
}

/** Starts a chain on `port` and emits every event. */
export async function startEmittedStack(port: number, chainId = 31337): Promise<EmittedStack> {
  const anvil = await startAnvil({ port, chainId });
  const suite = await deployEmittedSuite(anvil.url, chainId);
  const story = everyEvent(chainId, suite.addresses);
  await suite.emit(...story.events);

  const reconciliations = join(suite.recordsDir, "reconciliations");
  const indexers: Indexer[] = [];
  const directories: string[] = [];
  const newDatabaseDir = async () => {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-pglite-"));
    directories.push(directory);
    return directory;
  };
  return {
    chainId,
    suite,
    story,
    reconciliations,
    newDatabaseDir,
    startIndexer: async (indexerPort, database) => {
      const indexer = await startIndexer({
        recordsDir: suite.recordsDir,
        rpcUrls: { [chainId]: anvil.url },
        env: { HOLDFAST_DEPLOY_DIR: suite.recordsDir },
        port: indexerPort,
        ...(database ?? { databaseDir: await newDatabaseDir() }),
      });
      indexers.push(indexer);
      await recordRun(reconciliations, chainId, { index: await indexOf(indexer.url) });
      return indexer;
    },
    dispose: async () => {
      await Promise.all(indexers.map((indexer) => indexer.stop()));
      await suite.dispose();
      await anvil.stop();
      await Promise.all(directories.map((directory) => rm(directory, { recursive: true })));
    },
  };
}
