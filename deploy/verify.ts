import { getAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { isCompiledFrom } from "./code.js";
import type { Holders } from "./parameters.js";
import type { DeploymentRecord } from "./record.js";
import { findRoleDifferences, formatDifference } from "./roles-diff.js";

export const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

/**
 * Compares a fresh deployment with what was meant: code, wiring, roles.
 *
 * @returns One sentence for everything that is not as it should be; empty if all is well.
 */
export async function findDeploymentFaults(
  connection: NetworkConnection,
  record: DeploymentRecord,
  holders: Holders,
): Promise<string[]> {
  const differences = await findRoleDifferences(connection, record, holders);
  return [
    ...(await findCodeFaults(connection, record)),
    ...(await findWiringFaults(connection, record)),
    ...differences.map(formatDifference),
  ];
}

/** Code that is not what this checkout compiles to. */
export async function findCodeFaults(
  { ethers }: NetworkConnection,
  record: DeploymentRecord,
): Promise<string[]> {
  const { accessManager, upgradeController, complianceRegistry, escrow, escrowLens, permit2 } =
    record.contracts;
  const deployed: [contractName: string, address: string, codehash?: string][] = [
    ["AccessManager", accessManager.address, accessManager.codehash],
    ["UpgradeController", upgradeController.address, upgradeController.codehash],
    ["ComplianceRegistry", complianceRegistry.implementation, complianceRegistry.codehash],
    ["Escrow", escrow.implementation, escrow.codehash],
    ["EscrowLens", escrowLens.address, escrowLens.codehash],
  ];
  for (const { address, proxyAdmin } of [complianceRegistry, escrow]) {
    deployed.push(["TransparentUpgradeableProxy", address], ["ProxyAdmin", proxyAdmin]);
  }

  const faults: string[] = [];
  for (const [contractName, address, codehash] of deployed) {
    const code = await ethers.provider.getCode(address);
    if (!(await isCompiledFrom(contractName, code))) {
      faults.push(`The code at ${address} is not the ${contractName} that this checkout compiles to.`);
    } else if (codehash !== undefined && ethers.keccak256(code) !== codehash) {
      faults.push(`The code of ${contractName} at ${address} no longer has the recorded hash ${codehash}.`);
    }
  }
  if ((await ethers.provider.getCode(permit2.address)) === "0x") {
    faults.push(`There is no code at ${permit2.address}, where Permit2 should be.`);
  }
  return faults;
}

/** Contracts that point to something else than the record says. */
async function findWiringFaults({ ethers }: NetworkConnection, record: DeploymentRecord): Promise<string[]> {
  const { accessManager, upgradeController, complianceRegistry, escrow, escrowLens, permit2 } =
    record.contracts;
  const escrowContract = await ethers.getContractAt("Escrow", escrow.address);
  const registryContract = await ethers.getContractAt("ComplianceRegistry", complianceRegistry.address);
  const lens = await ethers.getContractAt("EscrowLens", escrowLens.address);
  const controller = await ethers.getContractAt("UpgradeController", upgradeController.address);

  const expectations: [what: string, found: Promise<string>, expected: string][] = [
    ["the escrow's registry", escrowContract.registry(), complianceRegistry.address],
    ["the escrow's Permit2", escrowContract.permit2(), permit2.address],
    ["the escrow's authority", escrowContract.authority(), accessManager.address],
    ["the registry's escrow", registryContract.escrow(), escrow.address],
    ["the lens's escrow", lens.escrow(), escrow.address],
    ["the registry's authority", registryContract.authority(), accessManager.address],
    ["the controller's authority", controller.authority(), accessManager.address],
  ];
  for (const [name, proxy] of Object.entries({ escrow, complianceRegistry })) {
    const slot = async (position: string) =>
      getAddress(ethers.dataSlice(await ethers.provider.getStorage(proxy.address, position), 12));
    const admin = await ethers.getContractAt("ProxyAdmin", proxy.proxyAdmin);
    expectations.push(
      [`the ${name} proxy's implementation`, slot(IMPLEMENTATION_SLOT), proxy.implementation],
      [`the ${name} proxy's admin`, slot(ADMIN_SLOT), proxy.proxyAdmin],
      [`the owner of the ${name} proxy's admin`, admin.owner(), upgradeController.address],
    );
  }

  const checked = await Promise.all(
    expectations.map(async ([what, pending, expected]) => ({ what, found: await pending, expected })),
  );
  return checked
    .filter(({ found, expected }) => getAddress(found) !== getAddress(expected))
    .map(({ what, found, expected }) => `Expected ${what} to be ${expected}, but found ${found}.`);
}
