import type { Provider } from "ethers";

import { inBatches } from "./batches.js";
import type { Site } from "./site.js";

const STATES_AT_ONCE = 200;
const NONE = 0n;
const CLOSED = 3n;

/** How a payment stood before the first log that was read. */
export interface Opening {
  readonly isThere: boolean;
  readonly isClosed: boolean;
  readonly held: bigint;
}

/**
 * How payments stood before the logs that count, in the chain's own words; nobody was there if the logs count from the beginning.
 *
 * @returns Nothing if the endpoint does not tell, as it no longer has states so old.
 */
export async function readOpenings(
  { escrow, place, beginsLate }: Site,
  paymentIds: readonly string[],
): Promise<ReadonlyMap<string, Opening> | undefined> {
  if (!beginsLate) return new Map();
  const before = { blockTag: place.fromBlock - 1 };
  try {
    const states = await inBatches(paymentIds, STATES_AT_ONCE, (some) =>
      escrow.paymentStates([...some], before),
    );
    return new Map(
      states.map(({ status, held }, i) => [
        paymentIds[i]!,
        { isThere: status !== NONE, isClosed: status === CLOSED, held },
      ]),
    );
  } catch {
    const isBefore = await isUndeployed(
      place.provider,
      place.record.contracts.escrow.address,
      before.blockTag,
    );
    return isBefore ? new Map() : undefined;
  }
}

/** Whether a contract was not yet there at a block; also false if the endpoint does not tell. */
export const isUndeployed = (provider: Provider, contract: string, block: number): Promise<boolean> =>
  provider.getCode(contract, block).then(
    (code) => code === "0x",
    () => false,
  );
