import { readFile } from "node:fs/promises";

import { id, type Provider } from "ethers";
import hre from "hardhat";

import { knownImplementation } from "../../../deploy/implementations.js";
import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import type { Layout } from "./layout.js";
import type { NamedContract } from "./state-diff.js";
import { contractsAt, IMPLEMENTATIONS, PROXY_NAMES, type ProxyName } from "./suite.js";

const at = (label: string, slot: string, type: string) => ({ label, slot, type });

/** What a proxy keeps beside its implementation's storage (ERC-1967). */
const PROXY: Layout = {
  storage: [
    at("ERC1967.implementation", "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc", "t_address"),
    at("ERC1967.admin", "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103", "t_address"),
  ],
  types: { t_address: { label: "address", numberOfBytes: "20" } },
};

/** The same in every version from 1.3.0 to 1.5.0. */
export const SAFE_LAYOUT: Layout = {
  storage: [
    at("singleton", "0", "t_address"),
    at("modules", "1", "t_mapping(t_address,t_address)"),
    at("owners", "2", "t_mapping(t_address,t_address)"),
    at("ownerCount", "3", "t_uint256"),
    at("threshold", "4", "t_uint256"),
    at("nonce", "5", "t_uint256"),
    at("signedMessages", "7", "t_mapping(t_bytes32,t_uint256)"),
    at("approvedHashes", "8", "t_mapping(t_address,t_mapping(t_bytes32,t_uint256))"),
    at("guard", id("guard_manager.guard.address"), "t_address"),
    at("moduleGuard", id("module_manager.module_guard.address"), "t_address"),
    at("fallbackHandler", id("fallback_manager.handler.address"), "t_address"),
  ],
  types: {
    t_address: { label: "address", numberOfBytes: "20" },
    t_uint256: { label: "uint256", numberOfBytes: "32" },
  },
};

/**
 * The suite's contracts with their storage layouts.
 *
 * @param upgraded The layout of a proxy's next implementation, which includes the present one's.
 */
export async function suiteLayouts(
  provider: Provider,
  record: DeploymentRecord,
  upgraded: Partial<Record<ProxyName, Layout>> = {},
): Promise<NamedContract[]> {
  const { accessManager, upgradeController } = record.contracts;
  const controller = contractsAt(record, provider).upgradeController;
  const proxies = PROXY_NAMES.map(async (name) => {
    const { address } = record.contracts[name];
    const presentLayout = async () => {
      const { implementation } = await controller.proxyRecord(address);
      const { contract } = IMPLEMENTATIONS[name];
      return (await knownImplementation(provider, record.chainId, implementation, contract)).layout;
    };
    return { name, address, layout: merged(PROXY, upgraded[name] ?? (await presentLayout())) };
  });
  return [
    { name: "accessManager", address: accessManager.address, layout: await builtLayout("AccessManager") },
    { name: "upgradeController", address: upgradeController.address, layout: await builtLayout("UpgradeController") },
    ...(await Promise.all(proxies)),
  ];
}

const merged = (one: Layout, other: Layout): Layout => ({
  storage: [...one.storage, ...other.storage],
  namespaces: { ...one.namespaces, ...other.namespaces },
  types: { ...one.types, ...other.types },
});

interface BuildOutput {
  output: { contracts: Record<string, Record<string, { storageLayout: Layout }>> };
}

/** The layout of a contract that never changes, from the build. */
async function builtLayout(contractName: string): Promise<Layout> {
  const { inputSourceName, contractName: name } = await hre.artifacts.readArtifact(contractName);
  const id = await hre.artifacts.getBuildInfoId(contractName);
  const path = id && (await hre.artifacts.getBuildInfoOutputPath(id));
  if (!path) throw new Fault(`${contractName} has no build info; build again: npx hardhat build --force.`);
  const { output } = JSON.parse(await readFile(path, "utf8")) as BuildOutput;
  return output.contracts[inputSourceName!]![name]!.storageLayout;
}
