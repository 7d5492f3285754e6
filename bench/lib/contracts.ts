import type { TransactionReceipt } from "ethers";

import type { Stage } from "./stage.js";

/** What it cost to put a contract on the chain, and the bytes of its code there. */
export interface DeployedContract {
  readonly contract: string;
  readonly gas: number;
  readonly size: number;
}

/** Every contract of the suite, from the receipts of its deployment; a proxy's gas includes initializing it. */
export async function describeContracts({ connection, record }: Stage): Promise<DeployedContract[]> {
  const { provider } = connection.ethers;
  const { accessManager, upgradeController, complianceRegistry, escrow, escrowLens } = record.contracts;
  const receipts = await receiptsSince(record.startBlock - 1, connection);
  const deploymentOf = (address: string) =>
    receipts.find(
      ({ contractAddress, logs }) =>
        contractAddress === address ||
        logs.some((log) => log.address === address && contractAddress === null),
    )!;

  const addresses = {
    AccessManager: accessManager.address,
    UpgradeController: upgradeController.address,
    "ComplianceRegistry, implementation": complianceRegistry.implementation,
    "ComplianceRegistry, proxy": complianceRegistry.address,
    "Escrow, implementation": escrow.implementation,
    "Escrow, proxy": escrow.address,
    EscrowLens: escrowLens.address,
  };
  return Promise.all(
    Object.entries(addresses).map(async ([contract, address]) => ({
      contract,
      gas: Number(deploymentOf(address).gasUsed),
      size: (await provider.getCode(address)).length / 2 - 1,
    })),
  );
}

async function receiptsSince(
  block: number,
  { ethers: { provider } }: Stage["connection"],
): Promise<TransactionReceipt[]> {
  const receipts: TransactionReceipt[] = [];
  const last = await provider.getBlockNumber();
  for (let number = block; number <= last; ++number) {
    for (const hash of (await provider.getBlock(number))!.transactions) {
      receipts.push((await provider.getTransactionReceipt(hash))!);
    }
  }
  return receipts;
}
