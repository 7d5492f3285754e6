import path from "node:path";

import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import { listTransactions } from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "./fault.js";
import { LOCAL_CHAIN_ID } from "./parameters.js";

/** Whether Ignition keeps a journal of deployments to this network, in `deploy/deployments/`. */
export const keepsJournal = ({ networkConfig }: NetworkConnection) => networkConfig.type === "http";

/**
 * The journal's name. A local chain that is started anew has the same chain id but another genesis block, and what was
 * deployed to the former one must not be taken for deployed.
 */
export async function deploymentIdOf({ ethers }: NetworkConnection): Promise<string> {
  const { chainId } = await ethers.provider.getNetwork();
  if (Number(chainId) !== LOCAL_CHAIN_ID) return `chain-${chainId}`;
  const genesis = await ethers.provider.getBlock(0);
  return `local-${genesis!.hash!.slice(2, 10)}`;
}

/** The block of the deployment's first transaction, from its journal. */
export async function blockOfFirstTransaction(
  { ethers }: NetworkConnection,
  deploymentId: string,
): Promise<number> {
  const directory = path.join(hre.config.paths.ignition, "deployments", deploymentId);
  const transactions = await listTransactions(directory, new HardhatArtifactResolver(hre.artifacts));
  for (const { txHash } of transactions) {
    // A transaction whose fee was raised has more than one hash, and only one of them a receipt.
    const receipt = await ethers.provider.getTransactionReceipt(txHash);
    if (receipt !== null) return receipt.blockNumber;
  }
  throw new Fault(
    `The journal in ${directory} is of another chain: none of its transactions is on this one.`,
  );
}
