import {
  AccessManager__factory,
  ComplianceRegistry__factory,
  Escrow__factory,
  UpgradeController__factory,
} from "../types/ethers-contracts/index.js";
import type { Interface } from "ethers";

import { FUNCTION_ROLES, type RoleName, type TargetName } from "./roles.js";

/** The compiled interface of every contract that the AccessManager governs. */
export const TARGET_INTERFACES: Readonly<Record<TargetName, Interface>> = {
  accessManager: AccessManager__factory.createInterface(),
  upgradeController: UpgradeController__factory.createInterface(),
  complianceRegistry: ComplianceRegistry__factory.createInterface(),
  escrow: Escrow__factory.createInterface(),
};

export const TARGET_NAMES = Object.keys(TARGET_INTERFACES) as TargetName[];

export interface MappedFunctions {
  target: TargetName;
  role: RoleName;
  functions: readonly string[];
  /** In the order of `functions`. */
  selectors: string[];
}

/** The role data with its function names turned into selectors. Throws on a name that the ABI does not have. */
export function mappedFunctions(): MappedFunctions[] {
  return TARGET_NAMES.flatMap((target) => {
    const byRole = FUNCTION_ROLES[target] as Partial<Record<RoleName | "anyone", readonly string[]>>;
    return Object.entries(byRole).flatMap(([role, functions]) =>
      role === "anyone"
        ? []
        : [
            {
              target,
              role: role as RoleName,
              functions,
              selectors: functions.map((name) => selectorOf(target, name)),
            },
          ],
    );
  });
}

function selectorOf(target: TargetName, name: string): string {
  const fragment = TARGET_INTERFACES[target].getFunction(name);
  if (fragment === null) {
    throw new Error(`deploy/roles.ts maps ${target}.${name}, but the contract has no function of that name.`);
  }
  return fragment.selector;
}
