import type { Context } from "ponder:registry";
import type { Address, Hex } from "viem";

/** What every log that the indexer handles tells about where it stands. */
export interface LogEvent {
  log: { logIndex: number; address: Address };
  block: { number: bigint; timestamp: bigint };
  transaction: { hash: Hex };
}

/** The columns of a row made by one log: its key, its time and its transaction. */
export const logColumns = (context: Context, event: LogEvent) => ({
  chainId: context.chain.id,
  block: event.block.number,
  logIndex: event.log.logIndex,
  timestamp: event.block.timestamp,
  transactionHash: event.transaction.hash,
});

/** The columns of a row that say which log changed it last. */
export const updatedColumns = (event: LogEvent) => ({
  updatedAt: event.block.timestamp,
  updatedBlock: event.block.number,
  updatedLogIndex: event.log.logIndex,
});

/**
 * Waits for an update of a row that must exist. If it does not, the chain and the read model disagree about the past,
 * and indexing stops with a sentence that says so.
 */
export async function mustExist<Row>(update: Promise<Row>, what: string, event: LogEvent): Promise<Row> {
  try {
    return await update;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "RecordNotFoundError") throw error;
    throw new Error(
      `Log ${event.block.number}-${event.log.logIndex} is about ${what}, which no earlier event created.`,
      { cause: error },
    );
  }
}
