import type { Stage } from "./stage.js";

/** What most nodes give an `eth_call` at least. */
export const CALL_GAS = 30_000_000n;

/** How many payments one `eth_call` of {@link CALL_GAS} can read. */
export interface Capacity {
  /** {IEscrow-paymentStates} */
  readonly paymentStates: number;
  /** {IEscrowLens-snapshot} with one token. */
  readonly snapshot: number;
}

/** Searches for the largest batch that still succeeds. Payments that do not exist cost a node and the EVM the same. */
export async function measureCapacity({ connection, escrow, escrowLens, plain }: Stage): Promise<Capacity> {
  const ids = Array.from({ length: 20_000 }, (_, index) => connection.ethers.id(`payment ${index}`));
  const limits = { gasLimit: CALL_GAS };
  return {
    paymentStates: await largest(ids.length, (n) => escrow.paymentStates(ids.slice(0, n), limits)),
    snapshot: await largest(ids.length, (n) => escrowLens.snapshot([plain], ids.slice(0, n), limits)),
  };
}

async function largest(upTo: number, attempt: (size: number) => Promise<unknown>): Promise<number> {
  let [possible, impossible] = [0, upTo + 1];
  while (impossible - possible > 1) {
    const size = Math.floor((possible + impossible) / 2);
    const works = await attempt(size).then(
      () => true,
      () => false,
    );
    if (works) possible = size;
    else impossible = size;
  }
  return possible;
}
