import type { DeploymentRecord } from "../../../deploy/index.js";
import type { Provider } from "ethers";

import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import type { CarriedOut } from "./outcomes.js";
import { contractsAt } from "./suite.js";
import { PAUSE_BITS, PAUSE_BIT_NAMES } from "./units.js";

/** Something that was kept ready, and when it was carried out. */
export interface Done {
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  readonly opened: OpenManifest;
  readonly step: Step;
  readonly line: CarriedOut;
}

/** Whether what a pause or rollback did still holds, so that whoever asks for it again has it. */
export async function isInForce(done: Done): Promise<boolean> {
  return await (done.step.call.function === "rollback(address)" ? isRolledBack(done) : isPaused(done));
}

/** Until the end that it set, or a later one. A pause that was lifted, and another that is shorter, is none of its own. */
async function isPaused({ provider, record, step, line }: Done): Promise<boolean> {
  const [bits, seconds] = step.call.arguments.map(({ value }) => Number(value));
  const until = line.time + seconds!;
  if ((await provider.getBlock("latest"))!.timestamp >= until) return false;
  const { escrow } = contractsAt(record, provider);
  const parts = PAUSE_BIT_NAMES.map((name) => PAUSE_BITS[name]).filter((bit) => (bits! & bit) !== 0);
  const found = await Promise.all(parts.map((bit) => escrow.pausedUntil(bit)));
  return found.every((end) => Number(end) >= until);
}

/** The code of before, and nothing to roll back to: the next upgrade, to whatever code, leaves its own way back. */
async function isRolledBack({ provider, record, opened, step }: Done): Promise<boolean> {
  const address = step.call.arguments[0]!.value as string;
  const { before } = opened.manifest.proxies.find((proxy) => proxy.address === address)!;
  const { upgradeController } = contractsAt(record, provider);
  const { implementation, previous } = await upgradeController.proxyRecord(address);
  return implementation === before.implementation && BigInt(previous) === 0n;
}
