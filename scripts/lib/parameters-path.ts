import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";

/**
 * Where the parameters of the chosen network are.
 *
 * @param given What `--parameters` names, which goes first.
 * @throws {@link Fault} if no network was chosen: what is deployed to Hardhat's own ends with the command.
 */
export function parametersPath(
  { config, globalOptions }: Pick<HardhatRuntimeEnvironment, "config" | "globalOptions">,
  given?: string,
): string {
  const { network } = globalOptions;
  if (network === undefined)
    throw new Fault("Choose a network with --network, for instance --network local.");
  return given ?? path.join(config.paths.ignition, "parameters", `${network}.json5`);
}
