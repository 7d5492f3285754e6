import type { Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import { ISelfTest__factory } from "../../../types/ethers-contracts/index.js";
import type { Manifest } from "./manifest.js";
import { findMovedProxy } from "./moved.js";
import { isNoAnswer } from "./reverts.js";

/** What a self-test answers that finds nothing wrong: not merely anything, as a fallback might. */
const PASSED = ISelfTest__factory.createInterface().getFunction("selfTest").selector;

/**
 * What is wrong with the code behind the proxies: that it is not the manifest's, or that it finds fault with its storage
 * itself. Whole sentences.
 *
 * @param expected Which code should run: that of before the operation, or after it.
 * @param excused Proxies whose self-test is not asked for.
 */
export async function findCodeFaults(
  provider: Provider,
  record: DeploymentRecord,
  { proxies }: Manifest,
  expected: "before" | "after",
  excused: readonly string[] = [],
): Promise<string[]> {
  const faults: string[] = [];
  for (const proxy of proxies) {
    faults.push(...(await findMovedProxy(provider, record, proxy, expected)));
    if (excused.includes(proxy.name)) continue;
    try {
      const selfTest = ISelfTest__factory.connect(proxy.address, provider);
      if ((await selfTest.selfTest()) !== PASSED)
        faults.push(`The self-test of ${proxy.name} answers what is not "passed".`);
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      faults.push(`The self-test of ${proxy.name} fails.`);
    }
  }
  return faults;
}

/** Whether the code behind a proxy finds nothing wrong. */
export async function passesSelfTest(provider: Provider, proxy: string): Promise<boolean> {
  try {
    return (await ISelfTest__factory.connect(proxy, provider).selfTest()) === PASSED;
  } catch (error) {
    if (isNoAnswer(error)) return false;
    throw error;
  }
}
