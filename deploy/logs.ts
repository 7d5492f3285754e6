import type { BaseContract, ContractEventName, EventLog, Interface, Log, Provider, Result } from "ethers";

/** Blocks asked for at once; what the narrowest public endpoints still answer. */
const PAGE = 5_000;

/**
 * Every log of one event from `fromBlock` to the head, in pages that public endpoints accept.
 *
 * @param signal Ends it after the page that is being read, with an error.
 */
export async function queryAll(
  contract: BaseContract,
  event: ContractEventName,
  fromBlock: number,
  signal?: AbortSignal,
): Promise<EventLog[]> {
  const head = await contract.runner!.provider!.getBlockNumber();
  const logs: (EventLog | Log)[] = [];
  for (const [from, to] of pages(fromBlock, head)) {
    signal?.throwIfAborted();
    logs.push(...(await contract.queryFilter(event, from, to)));
  }
  return logs.filter((log): log is EventLog => "args" in log);
}

/** A contract whose logs are wanted. */
export interface LogSource {
  readonly contract: string;
  readonly address: string;
  readonly abi: Interface;
  /** By their names in the ABI. */
  readonly events: readonly string[];
}

/** A log in words. */
export interface NamedLog {
  readonly contract: string;
  readonly event: string;
  readonly args: Result;
  readonly log: Log;
}

/**
 * Many events of several contracts from `fromBlock` to `toBlock`, oldest first, with one request a page for all.
 *
 * @param signal Ends it after the page that is being read, with an error.
 */
export async function readLogs(
  provider: Provider,
  sources: readonly LogSource[],
  fromBlock: number,
  toBlock: number,
  signal?: AbortSignal,
): Promise<NamedLog[]> {
  const address = sources.map((source) => source.address);
  const topics = [sources.flatMap(({ abi, events }) => events.map((name) => abi.getEvent(name)!.topicHash))];
  const found: NamedLog[] = [];
  for (const [from, to] of pages(fromBlock, toBlock)) {
    signal?.throwIfAborted();
    for (const log of await provider.getLogs({ address, topics, fromBlock: from, toBlock: to })) {
      const source = sources.find(
        (candidate) => candidate.address.toLowerCase() === log.address.toLowerCase(),
      );
      const parsed = source?.abi.parseLog(log);
      if (source === undefined || parsed == null || !source.events.includes(parsed.name)) continue;
      found.push({ contract: source.contract, event: parsed.name, args: parsed.args, log });
    }
  }
  return found;
}

/**
 * Ranges of blocks, each as long as public endpoints accept. Cut at the same blocks wherever one begins, so that whoever
 * remembers answers knows most of them again.
 */
export function* pages(first: number, last: number): Generator<[from: number, to: number]> {
  for (let from = first, next; from <= last; from = next) {
    next = from - (from % PAGE) + PAGE;
    yield [from, Math.min(next - 1, last)];
  }
}
