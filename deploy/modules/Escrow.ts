import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import type { PolicyParameters, TokenParameters } from "../parameters.js";
import type { AccessManagerModule } from "./AccessManager.js";
import { tokenAddress, type AssetsModule } from "./Assets.js";
import type { ComplianceRegistryModule } from "./ComplianceRegistry.js";
import { proxyFor } from "./proxy.js";
import type { UpgradeControllerModule } from "./UpgradeController.js";

/** In the order of the Solidity enum `ListMode`. */
const LIST_MODES = ["deny", "allow"] as const satisfies PolicyParameters["listMode"][];

/** The escrow, its first policy and its allow-listed tokens, set while the deployer may still act without delay. */
export const escrowModule = (
  authority: AccessManagerModule,
  controller: UpgradeControllerModule,
  registry: ComplianceRegistryModule,
  assets: AssetsModule,
  tokens: readonly TokenParameters[],
  policy: PolicyParameters,
) =>
  buildModule("Escrow", (m) => {
    const { accessManager } = m.useModule(authority);
    const { complianceRegistry } = m.useModule(registry);
    const assetContracts = m.useModule(assets);

    const implementation = m.contract("Escrow", [complianceRegistry, assetContracts.permit2]);
    const escrow = proxyFor(m, controller, implementation, [accessManager]);
    const setEscrow = m.call(complianceRegistry, "setEscrow", [escrow]);
    const setPolicy = m.call(
      complianceRegistry,
      "setPolicy",
      [
        {
          enforced: policy.enforced,
          listMode: LIST_MODES.indexOf(policy.listMode),
          maxRiskScore: policy.maxRiskScore,
          sanctionsOracle: policy.sanctionsOracle ?? ZeroAddress,
        },
      ],
      { after: [setEscrow] },
    );
    for (const token of tokens) {
      const { enabled, cap, approvalThreshold, outflowLimit, outflowWindow } = token;
      m.call(
        escrow,
        "configureToken",
        [
          tokenAddress(assetContracts, token),
          { enabled, cap, approvalThreshold, outflowLimit, outflowWindow },
        ],
        // Nothing can be deposited before the policy holds.
        { id: `configure_${token.symbol}`, after: [setPolicy] },
      );
    }
    return { escrow };
  });

export type EscrowModule = ReturnType<typeof escrowModule>;
