import type {
  ArgumentType,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";

import type { UpgradeControllerModule } from "./UpgradeController.js";

/**
 * Puts a proxy of the UpgradeController in front of `implementation` and initializes it.
 *
 * @returns The contract at the proxy's address, as the controller's event reports it.
 */
export function proxyFor<Name extends string>(
  m: IgnitionModuleBuilder,
  controller: UpgradeControllerModule,
  implementation: NamedArtifactContractDeploymentFuture<Name>,
  initializeArguments: ArgumentType[],
) {
  const { upgradeController } = m.useModule(controller);
  const initialize = m.encodeFunctionCall(implementation, "initialize", initializeArguments);
  const deployProxy = m.call(upgradeController, "deployProxy", [implementation, initialize]);
  const proxy = m.readEventArgument(deployProxy, "ProxyDeployed", "proxy");
  return m.contractAt(implementation.contractName, proxy, { id: "Proxy" });
}
