import { isError, type Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import { ISelfTest__factory } from "../../../types/ethers-contracts/index.js";
import type { Manifest } from "./manifest.js";
import { findMovedProxy } from "./moved.js";

/**
 * What is wrong with the code behind the proxies: that it is not the manifest's, or that it finds fault with its storage
 * itself. Whole sentences.
 *
 * @param expected Which code should run: that of before the operation, or after it.
 */
export async function findCodeFaults(
  provider: Provider,
  record: DeploymentRecord,
  { proxies }: Manifest,
  expected: "before" | "after",
): Promise<string[]> {
  const faults: string[] = [];
  for (const proxy of proxies) {
    faults.push(...(await findMovedProxy(provider, record, proxy, expected)));
    try {
      await ISelfTest__factory.connect(proxy.address, provider).selfTest();
    } catch (error) {
      if (!isError(error, "CALL_EXCEPTION")) throw error;
      faults.push(`The self-test of ${proxy.name} fails.`);
    }
  }
  return faults;
}
