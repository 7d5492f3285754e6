import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import type { PolicyParameters } from "../parameters.js";
import type { AccessManagerModule } from "./AccessManager.js";
import { proxyFor } from "./proxy.js";
import type { UpgradeControllerModule } from "./UpgradeController.js";

/** In the order of the Solidity enum `ListMode`. */
const LIST_MODES = ["deny", "allow"] as const satisfies PolicyParameters["listMode"][];

/** The registry, with its first policy. */
export const complianceRegistryModule = (
  authority: AccessManagerModule,
  controller: UpgradeControllerModule,
  policy: PolicyParameters,
) =>
  buildModule("ComplianceRegistry", (m) => {
    const { accessManager } = m.useModule(authority);
    const implementation = m.contract("ComplianceRegistry");
    const complianceRegistry = proxyFor(m, controller, implementation, [
      accessManager,
      {
        enforced: policy.enforced,
        listMode: LIST_MODES.indexOf(policy.listMode),
        maxRiskScore: policy.maxRiskScore,
        sanctionsOracle: policy.sanctionsOracle ?? ZeroAddress,
      },
    ]);
    return { complianceRegistry };
  });

export type ComplianceRegistryModule = ReturnType<typeof complianceRegistryModule>;
