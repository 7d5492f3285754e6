import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { TokenParameters } from "../parameters.js";
import type { AccessManagerModule } from "./AccessManager.js";
import { tokenAddress, type AssetsModule } from "./Assets.js";
import type { ComplianceRegistryModule } from "./ComplianceRegistry.js";
import { proxyFor } from "./proxy.js";
import type { UpgradeControllerModule } from "./UpgradeController.js";

/** The escrow and its allow-listed tokens, configured while the deployer may still act without delay. */
export const escrowModule = (
  authority: AccessManagerModule,
  controller: UpgradeControllerModule,
  registry: ComplianceRegistryModule,
  assets: AssetsModule,
  tokens: readonly TokenParameters[],
) =>
  buildModule("Escrow", (m) => {
    const { accessManager } = m.useModule(authority);
    const { complianceRegistry } = m.useModule(registry);
    const assetContracts = m.useModule(assets);

    const implementation = m.contract("Escrow", [complianceRegistry, assetContracts.permit2]);
    const escrow = proxyFor(m, controller, implementation, [accessManager]);
    for (const token of tokens) {
      const { enabled, cap, approvalThreshold, outflowLimit, outflowWindow } = token;
      m.call(
        escrow,
        "configureToken",
        [
          tokenAddress(assetContracts, token),
          { enabled, cap, approvalThreshold, outflowLimit, outflowWindow },
        ],
        { id: `configure_${token.symbol}` },
      );
    }
    return { escrow };
  });

export type EscrowModule = ReturnType<typeof escrowModule>;
