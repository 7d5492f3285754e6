import type { Act } from "./act.js";
import type { ProxyName } from "../suite.js";

/** What to put behind a proxy. */
export interface Upgrade {
  readonly proxy: ProxyName;
  readonly proxyAddress: string;
  readonly implementation: string;
  /** Called through the proxy in the same transaction; `0x` for nothing. */
  readonly data: string;
  /** The storage entries that the new version adds, which the call may fill. */
  readonly added: readonly string[];
  /** Such as `1.0.0 to 1.1.0`. */
  readonly versions: string;
}

const recordOf = (proxy: ProxyName, ...fields: string[]) =>
  fields.map((field) => `upgradeController _records[${proxy}].${field}`);

/** Replaces the code behind a proxy. */
export const upgrade = ({ proxy, proxyAddress, implementation, data, added, versions }: Upgrade): Act => ({
  title: `Upgrade ${proxy} from ${versions}`,
  role: "UPGRADER",
  calls: [{ target: "upgradeController", function: "upgrade", args: [proxyAddress, implementation, data] }],
  mayChange: [
    `${proxy} ERC1967.implementation`,
    ...recordOf(proxy, "implementation", "previous", "previousCodehash", "upgradedAt"),
    ...(data === "0x" ? [] : [`${proxy} Initializable._initialized`, ...added]),
  ],
});

/** Puts the code of before the last upgrade back. */
export const rollback = (proxy: ProxyName, proxyAddress: string, versions?: string): Act => ({
  title: `Roll ${proxy} back${versions === undefined ? "" : ` from ${versions}`}`,
  role: "GUARDIAN",
  calls: [{ target: "upgradeController", function: "rollback", args: [proxyAddress] }],
  mayChange: [
    `${proxy} ERC1967.implementation`,
    ...recordOf(proxy, "implementation", "previous", "previousCodehash"),
  ],
});
