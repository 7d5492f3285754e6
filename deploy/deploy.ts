import type { NetworkConnection } from "hardhat/types/network";

import { describeDeployment } from "./describe.js";
import { Fault } from "./fault.js";
import { blockOfFirstTransaction, deploymentIdOf, keepsJournal } from "./journal.js";
import { holdfastModule } from "./modules/Holdfast.js";
import { LOCAL_CHAIN_ID, type Parameters } from "./parameters.js";
import { requireDeployable } from "./preflight.js";
import type { DeploymentRecord } from "./record.js";
import { findDeploymentFaults } from "./verify.js";

export interface DeployOptions {
  connection: NetworkConnection;
  parameters: Parameters;
  /** Who sends the transactions; the connection's first account if left out. Ends with no role. */
  deployer?: string;
  /** Shows Ignition's progress. */
  displayUi?: boolean;
}

/** A local chain mines at once and is never reorganised. */
const LOCAL_PACE = { blockPollingInterval: 25, requiredConfirmations: 1 };

/**
 * Deploys the whole suite, checks on the chain that all of it is as meant, and tells where it is.
 *
 * Goes on where an interrupted run stopped and does nothing on a chain where it is complete, except on Hardhat's
 * in-process network, which keeps no journal: there every call deploys anew.
 *
 * @returns The record; `writeRecord` stores it.
 * @throws {@link Fault} that says what is wrong, before anything is sent if it can be known then.
 */
export async function deploySuite({
  connection,
  parameters,
  deployer: givenDeployer,
  displayUi = false,
}: DeployOptions): Promise<DeploymentRecord> {
  const { ethers, ignition } = connection;
  const deployer = givenDeployer ?? (await firstAccount(connection));
  await requireDeployable(connection, parameters, deployer);

  const deploymentId = await deploymentIdOf(connection);
  const nextBlock = (await ethers.provider.getBlockNumber()) + 1;
  const contracts = await ignition.deploy(holdfastModule(parameters, deployer), {
    deploymentId,
    defaultSender: deployer,
    displayUi,
    config: parameters.chainId === LOCAL_CHAIN_ID ? LOCAL_PACE : {},
  });

  const startBlock = keepsJournal(connection)
    ? await blockOfFirstTransaction(connection, deploymentId)
    : nextBlock;
  const record = await describeDeployment(connection, parameters, contracts, startBlock);
  const faults = await findDeploymentFaults(connection, record, parameters.holders);
  if (faults.length > 0) {
    throw new Fault("Deployed, but the chain is not as it should be:", { details: faults });
  }
  return record;
}

async function firstAccount({ ethers, networkName }: NetworkConnection): Promise<string> {
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) {
    throw new Fault(
      `The network ${networkName} has no account to deploy from; give it one in hardhat.config.ts.`,
    );
  }
  return deployer.address;
}
