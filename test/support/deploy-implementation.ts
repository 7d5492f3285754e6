import type { NetworkConnection } from "hardhat/types/network";

import type { DeploymentRecord } from "../../deploy/index.js";
import { deploy, planDeployment } from "../../scripts/lib/operations/deployment.js";
import type { ProxyName } from "../../scripts/lib/operations/suite.js";

/** Deploys what the build calls `contract`, to be put behind a proxy later, without asking. Returns its address. */
export async function deployImplementation(
  connection: NetworkConnection,
  record: DeploymentRecord,
  proxy: ProxyName,
  contract: string,
): Promise<string> {
  return await deploy(connection, await planDeployment(connection, record, proxy, contract));
}
