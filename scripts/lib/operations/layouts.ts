import { readFile } from "node:fs/promises";

import { id, toBeHex, type Provider } from "ethers";

import { knownImplementation } from "../../../deploy/implementations.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { describeLayout, type ContractLayout, type Entry } from "../../../deploy/storage-layout.js";
import type { NamedContract } from "./state-diff.js";
import { contractsAt, IMPLEMENTATIONS, PROXY_NAMES, type ProxyName } from "./suite.js";

const ADDRESS = { type: "address", slot: 0, offset: 0, bytes: 20 };
const WORD = { type: "uint256", offset: 0, bytes: 32 };
const region = (root: string, ...entries: Entry[]) => ({ namespace: "slot 0", root, entries });

/** The same in every version from 1.3.0 to 1.5.0. */
export const SAFE_LAYOUT: ContractLayout = {
  contract: "Safe",
  regions: [
    region(
      toBeHex(0, 32),
      { ...ADDRESS, name: "singleton" },
      { ...WORD, name: "modules", type: "mapping(address => address)", slot: 1 },
      { ...WORD, name: "owners", type: "mapping(address => address)", slot: 2 },
      { ...WORD, name: "ownerCount", slot: 3 },
      { ...WORD, name: "threshold", slot: 4 },
      { ...WORD, name: "nonce", slot: 5 },
    ),
    region(id("guard_manager.guard.address"), { ...ADDRESS, name: "guard" }),
    region(id("module_manager.module_guard.address"), { ...ADDRESS, name: "moduleGuard" }),
    region(id("fallback_manager.handler.address"), { ...ADDRESS, name: "fallbackHandler" }),
  ],
  types: { "mapping(address => address)": { kind: "mapping", key: "address", value: "address" } },
};

/**
 * The suite's contracts with their storage layouts.
 *
 * @param upgraded The layout of a proxy's next implementation, which includes the present one's.
 */
export async function suiteLayouts(
  provider: Provider,
  record: DeploymentRecord,
  upgraded: Partial<Record<ProxyName, ContractLayout>> = {},
): Promise<NamedContract[]> {
  const { accessManager, upgradeController } = record.contracts;
  const proxy = await committedLayout("TransparentUpgradeableProxy");
  const proxies = PROXY_NAMES.map(async (name) => {
    const behind = upgraded[name] ?? (await presentLayout(provider, record, name));
    const layout = { ...behind, regions: [...proxy.regions, ...behind.regions] };
    return { name, address: record.contracts[name].address, layout };
  });
  return [
    { name: "accessManager", address: accessManager.address, layout: await committedLayout("AccessManager") },
    {
      name: "upgradeController",
      address: upgradeController.address,
      layout: await committedLayout("UpgradeController"),
    },
    ...(await Promise.all(proxies)),
  ];
}

async function presentLayout(provider: Provider, record: DeploymentRecord, name: ProxyName) {
  const { upgradeController } = contractsAt(record, provider);
  const { implementation } = await upgradeController.proxyRecord(record.contracts[name].address);
  const likely = IMPLEMENTATIONS[name].contract;
  const { contract, layout } = await knownImplementation(provider, record.chainId, implementation, likely);
  return describeLayout(contract, layout);
}

/** The layout of a contract that never changes once it is deployed. */
async function committedLayout(contract: string): Promise<ContractLayout> {
  const file = new URL(`../../../deploy/layouts/${contract}.json`, import.meta.url);
  return JSON.parse(await readFile(file, "utf8")) as ContractLayout;
}
