import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { AccessManagerModule } from "./AccessManager.js";

/** Owns the ProxyAdmin of every proxy, so it comes before them. */
export const upgradeControllerModule = (authority: AccessManagerModule, rollbackWindow: number) =>
  buildModule("UpgradeController", (m) => {
    const { accessManager } = m.useModule(authority);
    return { upgradeController: m.contract("UpgradeController", [accessManager, rollbackWindow]) };
  });

export type UpgradeControllerModule = ReturnType<typeof upgradeControllerModule>;
