import type { Provider } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { DeploymentRecord, Parameters } from "../../../deploy/index.js";
import type { TargetName } from "../../../deploy/roles.js";
import {
  AccessManager__factory,
  ComplianceRegistry__factory,
  Escrow__factory,
  UpgradeController__factory,
  type AccessManager,
  type ComplianceRegistry,
  type Escrow,
  type UpgradeController,
} from "../../../types/ethers-contracts/index.js";

/** A deployed suite, and what is written about it in `deploy/`. */
export interface Suite {
  readonly connection: NetworkConnection;
  readonly record: DeploymentRecord;
  /** What is decided for the network: who should hold which role, tokens' limits, the policy. */
  readonly parameters: Parameters;
}

/** The suite's contracts that an operation acts on, as one chain or a fork of it has them. */
export interface Contracts {
  readonly accessManager: AccessManager;
  readonly upgradeController: UpgradeController;
  readonly complianceRegistry: ComplianceRegistry;
  readonly escrow: Escrow;
}

export const contractsAt = ({ contracts }: DeploymentRecord, provider: Provider): Contracts => ({
  accessManager: AccessManager__factory.connect(contracts.accessManager.address, provider),
  upgradeController: UpgradeController__factory.connect(contracts.upgradeController.address, provider),
  complianceRegistry: ComplianceRegistry__factory.connect(contracts.complianceRegistry.address, provider),
  escrow: Escrow__factory.connect(contracts.escrow.address, provider),
});

/** The contracts behind a proxy, by their names in the record. */
export const PROXY_NAMES = ["escrow", "complianceRegistry"] as const;
export type ProxyName = (typeof PROXY_NAMES)[number];

/** What each proxy's implementation is called in the source, and what its constructor takes. */
export const IMPLEMENTATIONS: Readonly<
  Record<
    ProxyName,
    { contract: string; constructorArguments: (record: DeploymentRecord) => readonly string[] }
  >
> = {
  escrow: {
    contract: "Escrow",
    constructorArguments: ({ contracts }) => [
      contracts.complianceRegistry.address,
      contracts.permit2.address,
    ],
  },
  complianceRegistry: { contract: "ComplianceRegistry", constructorArguments: () => [] },
};

export const addressOf = ({ contracts }: DeploymentRecord, target: TargetName) => contracts[target].address;
