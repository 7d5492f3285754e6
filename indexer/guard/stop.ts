import { DISK_FULL } from "../watch/logs.js";

/** Why an indexer ends itself, in a sentence that says how to go on. */
export class Stop extends Error {
  override name = "Stop";

  /** @param isFinal Whether starting it again cannot help. */
  constructor(
    sentence: string,
    readonly isFinal: boolean,
  ) {
    super(sentence);
    this.stack = undefined;
  }
}

const PAGE = "docs/faults.md";

export const reasons = {
  branchLeft: (chain: string, number: number) =>
    new Stop(
      `${chain} was reorganised deeper than finality: it has another block ${number} than the one this index took for ` +
        `final, so the index is wrong from there on or before. Run npm run indexer:reindex (${PAGE}).`,
      true,
    ),
  otherChain: (chain: string, chainId: number, found: readonly string[]) =>
    new Stop(
      `No RPC endpoint of ${chain} is of that chain: ${found.join(", ")}. Replace what PONDER_RPC_URL_${chainId} names, then ` +
        `start the indexer again (${PAGE}).`,
      true,
    ),
  lostInReorg: (chain: string) =>
    new Stop(
      `A reorganisation of ${chain} could not be followed to its end, because no RPC endpoint had all of its blocks. ` +
        `Start the indexer again: it goes on from the last final block (${PAGE}).`,
      false,
    ),
  stalled: (chain: string, block: number, head: number, minutes: number) =>
    new Stop(
      `The index of ${chain} has not moved from block ${block} for ${minutes} minutes, although its RPC endpoints are at ` +
        `block ${head}. Start the indexer again; if it stops so once more, the log says what it could not get over (${PAGE}).`,
      false,
    ),
};

/** What people are told beside an error of the engine that they could not know the way out of. */
export const hints: [problem: RegExp, hint: string][] = [
  [
    /current transaction is aborted|_reorg__\w+"? does not exist/i,
    `The database refused to undo what was not final. Start the indexer again; if it says so once more, run npm run indexer:reindex (${PAGE}).`,
  ],
  [
    /violates unique constraint|Primary key conflict in table/i,
    `A row is there already that only this event makes, so what was done before was not undone. Run npm run indexer:reindex (${PAGE}).`,
  ],
  [
    DISK_FULL,
    `The disk of the database is full. Make room, then start the indexer again: it goes on from the last final block (${PAGE}).`,
  ],
  [
    /was previously used by a different Ponder app/i,
    `The index was made by another version, or of other deployment records. Start this one with another --schema, or run npm run indexer:reindex (${PAGE}).`,
  ],
  [
    /Finalized block for chain .* cannot move backwards/i,
    `The RPC endpoints are behind what this index has, or of a chain that was set back. Replace them and start again; if the chain was set back, run npm run indexer:reindex (${PAGE}).`,
  ],
];

/**
 * Ends this process as Ponder does after an error: it logs it and shuts down in order. Exit code 75 means that starting
 * again may help, 1 that it does not.
 */
export function stop(reason: Stop): void {
  if (reason.isFinal) process.once("exit", () => (process.exitCode = 1));
  setImmediate(() => {
    throw reason;
  });
}
