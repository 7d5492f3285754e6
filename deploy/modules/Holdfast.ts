import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { Parameters } from "../parameters.js";
import { accessManagerModule } from "./AccessManager.js";
import { assetsModule } from "./Assets.js";
import { complianceRegistryModule } from "./ComplianceRegistry.js";
import { escrowModule } from "./Escrow.js";
import { escrowLensModule } from "./EscrowLens.js";
import { handoverModule } from "./Handover.js";
import { upgradeControllerModule } from "./UpgradeController.js";

/** The whole suite, from the authority to the handover: what `npx hardhat deploy` puts on a chain. */
export function holdfastModule(parameters: Parameters, deployer: string) {
  const { rollbackWindow, policy, permit2, tokens, holders } = parameters;

  const authority = accessManagerModule(deployer);
  const controller = upgradeControllerModule(authority, rollbackWindow);
  const registry = complianceRegistryModule(authority, controller);
  const assets = assetsModule(permit2, tokens);
  const escrow = escrowModule(authority, controller, registry, assets, tokens, policy);
  const lens = escrowLensModule(escrow);
  const handover = handoverModule(authority, controller, registry, escrow, holders, deployer);

  return buildModule("Holdfast", (m) => ({
    ...m.useModule(handover),
    ...m.useModule(controller),
    ...m.useModule(registry),
    ...m.useModule(assets),
    ...m.useModule(escrow),
    ...m.useModule(lens),
  }));
}
