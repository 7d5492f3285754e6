import type { NetworkConnection } from "hardhat/types/network";

import type { Running } from "../lib/running.js";

/** What everything is played with. */
export interface Theatre {
  /** Stops what was started. */
  readonly running: Running;
  readonly connect: (url: string) => Promise<NetworkConnection>;
}
