import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { LOCAL_CHAIN_ID } from "../../../deploy/parameters.js";
import { formatDuration } from "../operations/units.js";

/** Seconds that a read model may be behind, and still be worth a sample. */
export const LARGEST_LAG = 600;

/**
 * Whether a read model that has come to a block tells of another time than now: then it is wrong, however right it was.
 *
 * @param now Unix seconds.
 * @throws {@link Fault} if the endpoint's own last block is as old, because then it cannot tell.
 */
export async function isBehind(
  provider: Provider,
  chainId: number,
  block: number,
  now: number,
): Promise<boolean> {
  // A local chain's time is its own.
  if (chainId === LOCAL_CHAIN_ID) return false;
  const [latest, reached] = await Promise.all([provider.getBlock("latest"), provider.getBlock(block)]);
  const age = now - (latest?.timestamp ?? 0);
  if (age > LARGEST_LAG) {
    throw new Fault(
      `The chain's last block is ${formatDuration(age)} old: it stands still, or its endpoint is behind, so nothing was compared.`,
    );
  }
  // What the endpoint does not have yet is waited for where rows are compared.
  return reached !== null && now - reached.timestamp > LARGEST_LAG;
}
