import { readFile } from "node:fs/promises";

import { getAddress, id, toBeHex, type Provider } from "ethers";

import { knownImplementation } from "../../../deploy/implementations.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { describeLayout, type ContractLayout, type Entry } from "../../../deploy/storage-layout.js";
import type { NamedContract } from "./state-diff.js";
import { UNKNOWN, type ImplementationFacts } from "./implementations.js";
import { IMPLEMENTATIONS, type ProxyName } from "./suite.js";

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

/** A proxy, with the code that is behind it before and after an operation. */
export interface ChangingProxy {
  readonly name: ProxyName;
  readonly address: string;
  readonly before: ImplementationFacts;
  readonly after: ImplementationFacts;
}

/** The suite's contracts with their storage layouts, and the Safes that act on them. */
export async function layoutsOf(
  provider: Provider,
  { chainId, contracts }: DeploymentRecord,
  proxies: readonly ChangingProxy[],
  safes: readonly { address: string; name: string }[],
): Promise<NamedContract[]> {
  const { accessManager, upgradeController } = contracts;
  const committed = async (name: string, contract: string, address: string) => ({
    name,
    address: getAddress(address),
    layouts: [await committedLayout(contract)],
  });
  const found = [
    await committed("accessManager", "AccessManager", accessManager.address),
    await committed("upgradeController", "UpgradeController", upgradeController.address),
    ...safes.map(({ name, address }) => ({ name, address, layouts: [SAFE_LAYOUT] })),
  ];
  const proxy = await committedLayout("TransparentUpgradeableProxy");
  for (const { name, address, before, after } of proxies) {
    const layouts = [proxy];
    for (const { implementation, contract } of before.codehash === after.codehash
      ? [before]
      : [before, after]) {
      if (contract === UNKNOWN) {
        layouts.push(await committedLayout(IMPLEMENTATIONS[name].contract));
        continue;
      }
      const known = await knownImplementation(provider, chainId, implementation, contract);
      layouts.push(describeLayout(known.contract, known.layout));
    }
    found.push({ name, address: getAddress(address), layouts });
  }
  return found;
}

/** The layout of a contract that never changes once it is deployed. */
async function committedLayout(contract: string): Promise<ContractLayout> {
  const file = new URL(`../../../deploy/layouts/${contract}.json`, import.meta.url);
  return JSON.parse(await readFile(file, "utf8")) as ContractLayout;
}
