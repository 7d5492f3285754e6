import { ZeroHash } from "ethers";

import type { DeploymentRecord } from "../../deploy/index.js";

type Address = string;

/** A deployment record of contracts that are only known by their addresses. */
export function recordAt(
  chainId: number,
  network: string,
  startBlock: number,
  addresses: Record<"accessManager" | "upgradeController" | "complianceRegistry" | "escrow", Address>,
): DeploymentRecord {
  const contract = (address: Address) => ({ address, codehash: ZeroHash });
  const proxied = (address: Address) => ({
    ...contract(address),
    proxyAdmin: address,
    implementation: address,
  });
  return {
    chainId,
    network,
    startBlock,
    compiler: { version: "none", evmVersion: "cancun", viaIR: true, optimizerRuns: 200 },
    commit: "none",
    contracts: {
      accessManager: contract(addresses.accessManager),
      upgradeController: contract(addresses.upgradeController),
      complianceRegistry: proxied(addresses.complianceRegistry),
      escrow: proxied(addresses.escrow),
      permit2: { address: addresses.escrow },
    },
    tokens: [],
  };
}
