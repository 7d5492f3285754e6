import { quantity, type Rpc } from "./rpc.js";
import type { Times } from "./times.js";

/** A log as JSON-RPC gives it. */
export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
  readonly transactionHash: string;
  /** Not every endpoint tells. */
  readonly blockTimestamp?: string | null;
}

export interface LogFilter {
  readonly address: readonly string[];
  readonly topics: readonly (readonly string[] | string | null)[];
}

/** Logs of the blocks up to and including `upTo`, in their order. */
export interface LogWindow {
  readonly upTo: number;
  readonly logs: readonly RawLog[];
}

/** Blocks of one question at most: what the narrowest public endpoints still answer. */
const MOST_BLOCKS = 5_000;
const FIRST_BLOCKS = 8;
/** More logs than these in one answer, some 8 MB, make the next question smaller: they all are in memory at once. */
const MANY_LOGS = 8_000;

/**
 * Every log that the filters match, in windows of blocks that are as wide as the endpoint and the memory allow.
 *
 * @throws What the endpoint says, if it does not even answer for a single block.
 */
export async function* logWindows(
  rpc: Rpc,
  filters: readonly LogFilter[],
  first: number,
  last: number,
): AsyncGenerator<LogWindow> {
  let blocks = FIRST_BLOCKS;
  for (let from = first; from <= last;) {
    const upTo = Math.min(from + blocks - 1, last);
    let logs: RawLog[];
    try {
      logs = await logsBetween(rpc, filters, from, upTo);
    } catch (error) {
      // Endpoints limit blocks, logs or bytes, and say so in words of their own.
      if (upTo === from) throw error;
      blocks = Math.max(1, Math.floor((upTo - from + 1) / 4));
      continue;
    }
    yield { upTo, logs };
    from = upTo + 1;
    if (logs.length > MANY_LOGS) blocks = Math.max(1, Math.floor((blocks * MANY_LOGS) / logs.length));
    else if (logs.length < MANY_LOGS / 2) blocks = Math.min(blocks * 2, MOST_BLOCKS);
  }
}

/** The logs of a range of blocks, in their order, each once. */
export async function logsBetween(
  rpc: Rpc,
  filters: readonly LogFilter[],
  from: number,
  upTo: number,
): Promise<RawLog[]> {
  const range = { fromBlock: quantity(from), toBlock: quantity(upTo) };
  const answers = await Promise.all(
    filters.map((filter) => rpc.send<RawLog[]>("eth_getLogs", [{ ...filter, ...range }])),
  );
  const logs = new Map(answers.flat().map((log) => [placeOf(log), log]));
  return [...logs.values()].sort(
    (one, other) =>
      Number(one.blockNumber) - Number(other.blockNumber) || Number(one.logIndex) - Number(other.logIndex),
  );
}

/** `<block>-<logIndex>` */
export const placeOf = ({ blockNumber, logIndex }: RawLog) => `${Number(blockNumber)}-${Number(logIndex)}`;

const contentOf = ({ blockHash, address, topics, data, transactionHash }: RawLog) =>
  [blockHash, address, ...topics, data, transactionHash].join().toLowerCase();

/** A log that one endpoint has and another has not, or has otherwise. */
export interface Disagreement {
  readonly log: RawLog;
  readonly detail: string;
}

/** Logs of some blocks, and when those were, as an endpoint gives them. */
interface Told {
  readonly name: string;
  readonly logs: readonly RawLog[];
  readonly times: Times;
}

/** What two endpoints' logs of the same blocks disagree about. */
export function disagreements(one: Told, other: Told): Disagreement[] {
  const others = new Map(other.logs.map((log) => [placeOf(log), log]));
  const found: Disagreement[] = [];
  const timed = new Set<number>();
  for (const log of one.logs) {
    const twin = others.get(placeOf(log));
    others.delete(placeOf(log));
    if (twin === undefined) found.push({ log, detail: `${one.name} has this log, ${other.name} has not` });
    else if (contentOf(log) !== contentOf(twin)) {
      found.push({ log, detail: `${one.name} and ${other.name} have different logs here` });
    } else if (!timed.has(Number(log.blockNumber))) {
      timed.add(Number(log.blockNumber));
      const [time, otherTime] = [one, other].map(({ times }) => times.get(Number(log.blockNumber)));
      if (time === otherTime) continue;
      found.push({
        log,
        detail: `its block is of ${time} at ${one.name}, and of ${otherTime} at ${other.name}`,
      });
    }
  }
  for (const log of others.values()) {
    found.push({ log, detail: `${other.name} has this log, ${one.name} has not` });
  }
  return found;
}
