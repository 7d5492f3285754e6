import { getHeapStatistics } from "node:v8";

/** What Ponder shares with the code that it runs. It is no public interface: the tests say so if another version differs. */
export interface Ponder {
  options: { command: string; ponderDir: string; indexingCacheMaxBytes: number };
  metrics: { initializeIndexingMetrics(app: App): void };
}

/** The part of what Ponder will do that is changed here. */
interface App {
  indexingBuild: { eventCallbacks: { filter: { type: string; include: string[] } }[][] };
}

/** The columns of blocks and transactions that handlers read. */
const READ = ["block.number", "block.hash", "block.timestamp", "transaction.hash"];

/** What an indexer needs of the heap besides its rows, and how much of the rest they may take: Ponder counts them too low. */
const REST_OF_HEAP = 2 ** 29;
const PART_OF_HEAP = 1 / 2;

/**
 * Leaves Ponder's memory of rows room for a long backfill. In the fifth of the heap that it gives itself, 80,000 payments
 * fit; from then on it asks the database for the rows of the next events, which costs more than all the rest.
 * `PONDER_CACHE_BYTES`, which Ponder reads, says otherwise.
 */
export function makeRoomForRows(
  { options }: { options: Pick<Ponder["options"], "indexingCacheMaxBytes"> },
  env: NodeJS.ProcessEnv,
  heapBytes = getHeapStatistics().heap_size_limit,
): void {
  if (env.PONDER_CACHE_BYTES !== undefined) return;
  options.indexingCacheMaxBytes = Math.max(
    options.indexingCacheMaxBytes,
    (heapBytes - REST_OF_HEAP) * PART_OF_HEAP,
  );
}

/**
 * Has Ponder load of blocks and transactions what handlers read, instead of everything. It finds out by itself what that
 * is, but not before each event happened a hundred times, which most of the administration's never do; until then the
 * calldata of every transaction is loaded. If a handler does read more, Ponder notices, and loads all there is for that event.
 */
export function loadWhatIsRead({ metrics }: Pick<Ponder, "metrics">): void {
  // The last that is told what will be done before it is.
  const initialize = metrics.initializeIndexingMetrics.bind(metrics);
  metrics.initializeIndexingMetrics = (app) => {
    for (const { filter } of app.indexingBuild.eventCallbacks.flat()) {
      if (filter.type === "log") filter.include = [...READ];
    }
    initialize(app);
  };
}
