import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../../deploy/fault.js";
import { STATE_DIFF, type Trace } from "./fork.js";
import type { Step } from "./manifest.js";
import { readChanges, type StorageNames } from "./state-diff.js";
import { findSurprises, type Times } from "./timed.js";

/**
 * Compares what a mined transaction changed with what the manifest foretold of a step.
 *
 * @param times When each step was carried out, this one included.
 * @returns The differences in whole sentences, none if there is none; nothing where the node cannot trace.
 */
export async function compareWithPlan(
  { ethers, provider }: NetworkConnection,
  storage: StorageNames,
  { changes: expected }: Step,
  hash: string,
  times: Times,
): Promise<string[] | null> {
  const trace = await traceOf(provider, hash);
  if (trace === undefined) return null;
  const receipt = (await ethers.provider.getTransactionReceipt(hash))!;
  const { miner } = (await ethers.provider.getBlock(receipt.blockHash))!;
  try {
    return findSurprises(expected, { changes: readChanges(trace, { receipt, miner }, storage), times });
  } catch (error) {
    if (error instanceof Fault) return error.message.split("\n");
    throw error;
  }
}

async function traceOf(provider: NetworkConnection["provider"], hash: string): Promise<Trace | undefined> {
  const params = [hash, STATE_DIFF];
  // Most public endpoints do not offer it, each in other words.
  const answer: unknown = await provider
    .request({ method: "debug_traceTransaction", params })
    .catch(() => undefined);
  const isTrace = typeof answer === "object" && answer !== null && "pre" in answer && "post" in answer;
  return isTrace ? (answer as Trace) : undefined;
}
