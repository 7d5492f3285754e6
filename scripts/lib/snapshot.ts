import { Fault } from "../../deploy/fault.js";
import { readChain, type ChainSource } from "./chain-view.js";
import type { ChainView, IndexView } from "./compare.js";
import { readIndex } from "./index-view.js";
import { indexedBlock, untilIndexed } from "./indexer.js";
import { ReadModel } from "./read-model.js";

const ATTEMPTS = 5;

/** The index and the chain as of one block. */
export interface Snapshot {
  readonly block: number;
  readonly index: IndexView;
  readonly chain: ChainView;
}

/**
 * Waits until the indexer has reached the chain's head, then reads both as of the same block.
 *
 * @throws {@link Fault} if the indexer does not get there, or new blocks keep coming too fast to read in between.
 */
export async function takeSnapshot(
  indexerUrl: string,
  chainId: number,
  source: ChainSource,
): Promise<Snapshot> {
  const readModel = new ReadModel(indexerUrl);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const head = await source.provider.getBlockNumber();
    await untilIndexed(indexerUrl, chainId, head).catch((cause: Error) => {
      throw new Fault(cause.message, { cause });
    });
    const block = await indexedBlock(indexerUrl, chainId);
    const index = await readIndex(readModel, chainId);
    // GraphQL cannot be asked as of a block, so the pages are of one moment only if none came in between.
    if ((await indexedBlock(indexerUrl, chainId)) !== block) continue;
    return { block, index, chain: await readChain(source, index, block) };
  }
  throw new Fault(
    `Chain ${chainId} gets new blocks faster than its index can be read; stop what sends them.`,
  );
}
