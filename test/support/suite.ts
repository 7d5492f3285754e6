import path from "node:path";

import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { deploySuite, readParameters, type Parameters } from "../../deploy/index.js";
import { HELD_ROLES, type HeldRole } from "../../deploy/roles.js";

export const localParameters = () =>
  readParameters(path.join(hre.config.paths.ignition, "parameters", "local.json5"));

/**
 * The whole suite as `npx hardhat deploy` leaves it, with a signer for every role.
 *
 * @param given Other parameters than the local ones, with the same test tokens.
 * @returns Typed contracts, tokens by symbol, `holders` by role, the deployer (who holds nothing any more), and
 * `users`: accounts without a role.
 */
export async function deployedSuite(connection: NetworkConnection, given?: Parameters) {
  const { ethers } = connection;
  const parameters = given ?? (await localParameters());
  const record = await deploySuite({ connection, parameters });
  const { accessManager, upgradeController, complianceRegistry, escrow, escrowLens, permit2 } =
    record.contracts;
  const token = (symbol: string) => record.tokens.find((found) => found.symbol === symbol)!.address;

  const holders = Object.fromEntries(
    await Promise.all(
      HELD_ROLES.map(async (role) => [role, await ethers.getSigner(parameters.holders[role][0]!)]),
    ),
  ) as Record<HeldRole, Awaited<ReturnType<typeof ethers.getSigner>>>;
  const [deployer, ...others] = await ethers.getSigners();
  const officers = Object.values(parameters.holders).flat();

  return {
    parameters,
    record,
    holders,
    deployer: deployer!,
    users: others.filter(({ address }) => !officers.includes(address)),
    accessManager: await ethers.getContractAt("AccessManager", accessManager.address),
    upgradeController: await ethers.getContractAt("UpgradeController", upgradeController.address),
    complianceRegistry: await ethers.getContractAt("ComplianceRegistry", complianceRegistry.address),
    escrow: await ethers.getContractAt("Escrow", escrow.address),
    escrowLens: await ethers.getContractAt("EscrowLens", escrowLens.address),
    permit2: await ethers.getContractAt("Permit2", permit2.address),
    usdc: await ethers.getContractAt("TestUSDC", token("USDC")),
    usdt: await ethers.getContractAt("TestUSDT", token("USDT")),
    dai: await ethers.getContractAt("TestDAI", token("DAI")),
  };
}
