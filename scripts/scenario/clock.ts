import { toQuantity } from "ethers";

import type { LocalProvider } from "./world.js";

export const HOUR = 3600n;
export const DAY = 24n * HOUR;

/** The chain's time, in Unix seconds. It only moves forward. */
export class Clock {
  constructor(private readonly provider: LocalProvider) {}

  /** The time of the latest block. */
  async now(): Promise<bigint> {
    return BigInt((await this.provider.getBlock("latest"))!.timestamp);
  }

  /** Makes it `time`, unless it is that late already. */
  async reach(time: bigint): Promise<void> {
    if (time <= (await this.now())) return;
    await this.provider.send("evm_setNextBlockTimestamp", [toQuantity(time)]);
    await this.provider.send("evm_mine", []);
  }

  async pass(seconds: bigint): Promise<void> {
    await this.reach((await this.now()) + seconds);
  }
}
