import { formatEther, parseEther } from "ethers";

import { Fault } from "../../../deploy/fault.js";

/**
 * The most that one transaction may cost, in the chain's own coin: fees are what the endpoint says they are, and it may lie.
 * The environment variable is for a chain whose coin is worth little.
 */
const COST_VARIABLE = "HOLDFAST_MAX_COST";
const MAX_COST = "1";

/** What decides what a transaction costs. Fees in wei for each unit of gas. */
export interface Costly {
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly value: bigint;
}

/** What a transaction costs at most, in wei. */
export const costOf = ({ gasLimit, maxFeePerGas, value }: Costly): bigint => gasLimit * maxFeePerGas + value;

/**
 * Why a transaction costs more than any may; nothing if it does not.
 *
 * @throws {@link Fault} if the environment variable is no amount.
 */
export function tooDear(transaction: Costly): Fault | undefined {
  const most = maxCost();
  if (costOf(transaction) <= most) return undefined;
  return new Fault(
    `By what the endpoint says of fees, this transaction would cost up to ${formatEther(costOf(transaction))} of the ` +
      `chain's coin, more than ${formatEther(most)}: it was not signed. If another endpoint says the same, set ` +
      `${COST_VARIABLE} to what it may cost.`,
  );
}

/** @throws {@link Fault} if it costs more than any transaction may. */
export function requireAffordable(transaction: Costly): void {
  const problem = tooDear(transaction);
  if (problem) throw problem;
}

function maxCost(): bigint {
  const set = process.env[COST_VARIABLE] ?? MAX_COST;
  if (/^\d{1,9}(\.\d{1,18})?$/.test(set)) return parseEther(set);
  throw new Fault(`${COST_VARIABLE} is an amount of the chain's coin, such as 0.5; it was ${set}.`);
}
