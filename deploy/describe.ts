import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import { keccak256, type Contract } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "./fault.js";
import { NATIVE_COIN, type Parameters } from "./parameters.js";
import type { DeploymentRecord } from "./record.js";

type Contracts = Record<
  "accessManager" | "upgradeController" | "complianceRegistry" | "escrow" | "escrowLens" | "permit2",
  Contract
>;

/** Reads from the chain, the build and git what the record of a deployment has to say. */
export async function describeDeployment(
  connection: NetworkConnection,
  { chainId, tokens }: Parameters,
  contracts: Contracts,
  startBlock: number,
): Promise<DeploymentRecord> {
  const controller = await connection.ethers.getContractAt(
    "UpgradeController",
    await contracts.upgradeController.getAddress(),
  );
  const codehashAt = async (address: string) => keccak256(await connection.ethers.provider.getCode(address));
  const describe = async (contract: Contract) => {
    const address = await contract.getAddress();
    return { address, codehash: await codehashAt(address) };
  };
  const describeProxy = async (contract: Contract) => {
    const address = await contract.getAddress();
    const { admin, implementation } = await controller.proxyRecord(address);
    return { address, proxyAdmin: admin, implementation, codehash: await codehashAt(implementation) };
  };

  return {
    chainId,
    network: connection.networkName,
    startBlock,
    compiler: await compilerOf("Escrow"),
    commit: await currentCommit(),
    contracts: {
      accessManager: await describe(contracts.accessManager),
      upgradeController: await describe(contracts.upgradeController),
      complianceRegistry: await describeProxy(contracts.complianceRegistry),
      escrow: await describeProxy(contracts.escrow),
      escrowLens: await describe(contracts.escrowLens),
      permit2: { address: await contracts.permit2.getAddress() },
    },
    tokens: await Promise.all(
      tokens.map(async ({ symbol, decimals, address = NATIVE_COIN, deploy }) => {
        const deployed = deploy && (contracts as Record<string, Contract>)[symbol];
        return { symbol, address: deployed ? await deployed.getAddress() : address, decimals };
      }),
    ),
  };
}

interface BuildInfo {
  solcLongVersion: string;
  input: { settings: { evmVersion: string; viaIR?: boolean; optimizer: { runs: number } } };
}

/** What the contract was compiled with, from the build itself rather than from the configuration. */
async function compilerOf(contractName: string): Promise<DeploymentRecord["compiler"]> {
  const id = await hre.artifacts.getBuildInfoId(contractName);
  const path = id && (await hre.artifacts.getBuildInfoPath(id));
  if (!path) throw new Fault(`${contractName} has no build info; build again: npx hardhat build --force.`);
  const { solcLongVersion, input } = JSON.parse(await readFile(path, "utf8")) as BuildInfo;
  const { evmVersion, viaIR = false, optimizer } = input.settings;
  return { version: solcLongVersion, evmVersion, viaIR, optimizerRuns: optimizer.runs };
}

/** The commit that is checked out, marked if files differ from it; "unknown" outside a git checkout. */
async function currentCommit(): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)("git", args, { cwd: hre.config.paths.root })).stdout.trim();
  try {
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return `${await git("rev-parse", "HEAD")}${changes === "" ? "" : "-dirty"}`;
  } catch {
    return "unknown";
  }
}
