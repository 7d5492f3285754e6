import { formatEther } from "ethers";

import { mode, requireLive } from "../lib/mode.js";
import { deploy, insteadOfDeploying, planDeployment, type Deployment } from "../lib/operations/deployment.js";
import type { ProxyName, Suite } from "../lib/operations/suite.js";
import { confirm } from "./confirm.js";

interface Deploying {
  readonly proxy: ProxyName;
  readonly contract: string;
  /** Whether to send without asking. */
  readonly yes: boolean;
}

/**
 * Deploys a new version after showing what, by whom and for how much, and after a typed confirmation: just that, or nothing.
 *
 * @returns Its address.
 * @throws {@link Fault} unless this is live; a dry run shows it first.
 */
export async function deployConfirmed(suite: Suite, { proxy, contract, yes }: Deploying): Promise<string> {
  const { connection, record } = suite;
  if (mode() === "read-only") requireLive("--deploy");
  const planned = await planDeployment(connection, record, proxy, contract);
  const shown = formatDeployment(planned, suite);
  if (yes || mode() !== "live") console.error(shown);
  requireLive("--deploy");
  if (!yes) await confirm(shown, contract);
  return await deploy(connection, planned, console.error);
}

/**
 * Does what a deployment may be a part of: if anything fails after it, that ends with how to go on without it.
 *
 * @param work Calls what it is given with the address of what it has deployed.
 */
export async function namingDeployed<Result>(
  work: (isDeployed: (address: string) => void) => Promise<Result>,
): Promise<Result> {
  let deployed: string | undefined;
  try {
    return await work((address) => (deployed = address));
  } catch (error) {
    if (deployed !== undefined) console.error(insteadOfDeploying(deployed));
    throw error;
  }
}

export function formatDeployment(
  { contract, proxy, arguments: args, initCodeHash, from, nonce, address, ...price }: Deployment,
  { connection: { networkName }, record: { chainId } }: Suite,
): string {
  return [
    `Deploying ${contract}, to be put behind ${proxy} later, on ${networkName} (chain ${chainId})`,
    `  by ${from}, the network's first account, nonce ${nonce}, which has ${formatEther(price.balance)} of the chain's coin`,
    `  to ${address}, constructed with ${args.join(", ") || "nothing"}`,
    `  by code with the hash ${initCodeHash}`,
    `  for up to ${formatEther(price.cost)} of the chain's coin (${price.gas} gas, each for up to ${price.maxFeePerGas} wei)`,
  ].join("\n");
}
