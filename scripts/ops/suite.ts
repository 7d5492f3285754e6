import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Suite } from "../lib/operations/suite.js";
import { parametersPath } from "../lib/parameters-path.js";

/**
 * The deployed suite of the chosen network. Whether the chain answers is known before anything is built; and it is built
 * because what operations compare with is this checkout.
 */
export async function openSuite(hre: HardhatRuntimeEnvironment, parameters?: string): Promise<Suite> {
  const path = parametersPath(hre, parameters);
  const connection = await hre.network.create();
  const { chainId } = await connection.ethers.provider.getNetwork();
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const { readParameters, readRecord } = await import("../../deploy/index.js");
  return { connection, record: await readRecord(Number(chainId)), parameters: await readParameters(path) };
}
