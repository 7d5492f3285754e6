import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { ArgumentType, CallableContractFuture } from "@nomicfoundation/ignition-core";

import type { Holders } from "../parameters.js";
import { ROLE_NAMES, ROLES, TARGET_ADMIN_DELAY, type TargetName } from "../roles.js";
import { mappedFunctions } from "../selectors.js";
import type { AccessManagerModule } from "./AccessManager.js";
import type { ComplianceRegistryModule } from "./ComplianceRegistry.js";
import type { EscrowModule } from "./Escrow.js";
import type { UpgradeControllerModule } from "./UpgradeController.js";

/**
 * Writes the role data to the AccessManager, grants every role to its holders and takes the deployer's own away: one
 * transaction, so that there is never a chain on which only half of it holds.
 */
export const handoverModule = (
  authority: AccessManagerModule,
  controller: UpgradeControllerModule,
  registry: ComplianceRegistryModule,
  escrowAndTokens: EscrowModule,
  holders: Holders,
  deployer: string,
) =>
  buildModule("Handover", (m) => {
    const { accessManager } = m.useModule(authority);
    const targets: Record<TargetName, CallableContractFuture<string>> = {
      accessManager,
      ...m.useModule(controller),
      ...m.useModule(registry),
      ...m.useModule(escrowAndTokens),
    };

    const calls: ArgumentType[] = [];
    const add = (name: string, args: ArgumentType[], ...what: string[]) =>
      calls.push(m.encodeFunctionCall(accessManager, name, args, { id: [name, ...what].join("_") }));

    for (const { target, role, selectors } of mappedFunctions()) {
      add("setTargetFunctionRole", [targets[target], selectors, ROLES[role].id], target, role);
    }
    for (const name of ROLE_NAMES) {
      const role = ROLES[name];
      if (name !== "ADMIN") {
        add("labelRole", [role.id, name], name);
        add("setRoleAdmin", [role.id, ROLES[role.admin].id], name);
        add("setRoleGuardian", [role.id, ROLES[role.guardian].id], name);
      }
      if (!role.held) continue;
      for (const holder of holders[name as keyof Holders]) {
        add("grantRole", [role.id, holder, role.executionDelay], name, holder);
      }
    }
    // Delays last: they concern every later change, not these.
    for (const name of ROLE_NAMES) add("setGrantDelay", [ROLES[name].id, ROLES[name].grantDelay], name);
    for (const [target, contract] of Object.entries(targets)) {
      add("setTargetAdminDelay", [contract, TARGET_ADMIN_DELAY], target);
    }
    add("renounceRole", [ROLES.ADMIN.id, deployer]);

    m.call(accessManager, "multicall", [calls], { id: "handover", after: [escrowAndTokens] });
    return { accessManager };
  });
