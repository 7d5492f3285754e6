import { Fault } from "../../../deploy/fault.js";
import type { RawLog } from "./logs.js";
import type { Rpc } from "./rpc.js";

/** Unix seconds, by the number of the block. */
export type Times = ReadonlyMap<number, bigint>;

const BLOCKS_AT_ONCE = 100;

/**
 * When the blocks of logs were, as an endpoint says beside the logs, or in the block where it does not.
 *
 * @throws {@link Fault} if it does not say it there either.
 */
export async function timesOf(rpc: Rpc, logs: readonly RawLog[]): Promise<Times> {
  const times = new Map<number, bigint>();
  const untold = new Set<number>();
  for (const { blockNumber, blockTimestamp } of logs) {
    // Some endpoints leave it out, others say null.
    if (/^0x[0-9a-f]+$/i.test(blockTimestamp ?? "")) times.set(Number(blockNumber), BigInt(blockTimestamp!));
    else untold.add(Number(blockNumber));
  }
  const left = [...untold].filter((number) => !times.has(number));
  while (left.length > 0) {
    await Promise.all(
      left.splice(0, BLOCKS_AT_ONCE).map(async (number) => times.set(number, await timeOf(rpc, number))),
    );
  }
  return times;
}

async function timeOf(rpc: Rpc, number: number): Promise<bigint> {
  const timestamp = (await rpc.block(number))?.timestamp;
  if (Number.isSafeInteger(timestamp)) return BigInt(timestamp!);
  throw new Fault(`${rpc.name} gives logs of block ${number}, and does not tell when that was.`);
}
