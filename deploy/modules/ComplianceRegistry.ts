import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { AccessManagerModule } from "./AccessManager.js";
import { proxyFor } from "./proxy.js";
import type { UpgradeControllerModule } from "./UpgradeController.js";

/** The registry; its escrow, which comes later, is what it writes to. */
export const complianceRegistryModule = (
  authority: AccessManagerModule,
  controller: UpgradeControllerModule,
) =>
  buildModule("ComplianceRegistry", (m) => {
    const { accessManager } = m.useModule(authority);
    const implementation = m.contract("ComplianceRegistry");
    return { complianceRegistry: proxyFor(m, controller, implementation, [accessManager]) };
  });

export type ComplianceRegistryModule = ReturnType<typeof complianceRegistryModule>;
