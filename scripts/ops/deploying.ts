import { formatEther } from "ethers";

import { mode, requireLive } from "../lib/mode.js";
import { deployImplementation, planDeployment, type Deployment } from "../lib/operations/implementations.js";
import type { ProxyName, Suite } from "../lib/operations/suite.js";
import { confirm } from "./confirm.js";

interface Deploying {
  readonly proxy: ProxyName;
  readonly contract: string;
  /** Whether to send without asking. */
  readonly yes: boolean;
}

/**
 * Deploys a new version after showing what, by whom and for how much, and after a typed confirmation.
 *
 * @returns Its address.
 * @throws {@link Fault} unless this is live; a dry run shows it first.
 */
export async function deployConfirmed(suite: Suite, { proxy, contract, yes }: Deploying): Promise<string> {
  const { connection, record } = suite;
  if (mode() === "read-only") requireLive("--deploy");
  const planned = formatDeployment(await planDeployment(connection, record, proxy, contract), suite);
  if (yes || mode() !== "live") console.error(planned);
  requireLive("--deploy");
  if (!yes) await confirm(planned, contract);
  return await deployImplementation(connection, record, proxy, contract);
}

export function formatDeployment(
  { contract, proxy, arguments: args, from, nonce, address, gas, cost, balance }: Deployment,
  { connection: { networkName }, record: { chainId } }: Suite,
): string {
  return [
    `Deploying ${contract}, to be put behind ${proxy} later, on ${networkName} (chain ${chainId})`,
    `  by ${from}, the network's first account, nonce ${nonce}, which has ${formatEther(balance)} of the chain's coin`,
    `  to ${address}, constructed with ${args.join(", ") || "nothing"}`,
    `  for up to ${formatEther(cost)} of the chain's coin (${gas} gas)`,
  ].join("\n");
}
