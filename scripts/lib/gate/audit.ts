import { randomInt } from "node:crypto";

import type { Provider } from "ethers";

import { LOCAL_CHAIN_ID } from "../../../deploy/parameters.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { Escrow__factory, EscrowLens__factory } from "../../../types/ethers-contracts/index.js";
import { inBatches } from "../triage/batches.js";
import { LARGEST_LAG } from "./lag.js";
import type { Sample } from "./samples.js";

const STATES_AT_ONCE = 200;
/** Samples of which the block is looked at, too: each costs requests of its own. */
const LOOKED_AT = 12;
/** Seconds by which clocks differ. */
const CLOCK_SKEW = 60;

/** The chain that samples are said to be of. */
export interface Chain {
  readonly provider: Provider;
  readonly record: Pick<DeploymentRecord, "chainId" | "contracts" | "startBlock">;
}

/**
 * What the chain says against samples that pass by themselves: of blocks that it does not have, of payments that were never made,
 * or made later, of times that their blocks do not have. Whoever writes real payments beside real blocks is not found out.
 */
export async function findInvented(chain: Chain, samples: readonly Sample[]): Promise<string[]> {
  const head = await chain.provider.getBlockNumber();
  const beyond = samples.filter(({ block }) => block < chain.record.startBlock || block > head);
  if (beyond.length > 0)
    return [
      `${beyond.length} samples are of blocks that the chain or the escrow did not have, such as ${beyond[0]!.block}.`,
    ];
  const unmade = await findUnmade(chain, samples);
  if (unmade.length > 0)
    return [`${unmade.length} of the sampled payments were never made, such as ${unmade[0]}.`];
  const doubts = await Promise.all(choose(samples).map((sample) => doubt(chain, sample)));
  return doubts.filter((sentence) => sentence !== undefined);
}

async function findUnmade({ provider, record }: Chain, samples: readonly Sample[]): Promise<string[]> {
  const lens = EscrowLens__factory.connect(record.contracts.escrowLens.address, provider);
  const ids = [...new Set(samples.map(({ paymentId }) => paymentId))];
  const states = await inBatches(ids, STATES_AT_ONCE, async (some) => [
    ...(await lens.snapshot([], [...some])).states,
  ]);
  return ids.filter((_, i) => states[i]!.status === 0n);
}

/** The first, the last, and some that chance picks. */
function choose(samples: readonly Sample[]): Sample[] {
  const places = new Set([0, samples.length - 1]);
  while (places.size < Math.min(LOOKED_AT, samples.length)) places.add(randomInt(samples.length));
  return [...places].map((place) => samples[place]!);
}

async function doubt(
  { provider, record }: Chain,
  { paymentId, block, at }: Sample,
): Promise<string | undefined> {
  const escrow = Escrow__factory.connect(record.contracts.escrow.address, provider);
  // A node without old states does not tell.
  const state = await escrow.paymentState(paymentId, { blockTag: block }).catch(() => undefined);
  if (state?.status === 0n)
    return `The payment ${paymentId} was not made yet at block ${block}, of which there is a sample.`;
  // A local chain's time is its own.
  if (record.chainId === LOCAL_CHAIN_ID) return undefined;
  const time = (await provider.getBlock(block))?.timestamp;
  if (time === undefined) return `The chain has no block ${block}, of which there is a sample.`;
  return time > at + CLOCK_SKEW || time < at - LARGEST_LAG
    ? `A sample of block ${block} has another time than the block.`
    : undefined;
}
