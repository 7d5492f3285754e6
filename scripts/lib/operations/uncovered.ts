import { getAddress } from "ethers";

import type { Step } from "./manifest.js";
import type { Register, Registered } from "./register.js";
import { contractsAt, PROXY_NAMES, type ProxyName, type Suite } from "./suite.js";
import { toType } from "./to-type.js";
import { formatTime } from "./units.js";

/** An upgrade that can still be taken back, as the chain itself knows it. */
interface Change {
  readonly proxy: ProxyName;
  readonly address: string;
  readonly from: string;
  readonly to: string;
  /** Unix seconds. */
  readonly until: number;
}

/**
 * Upgrades that can still be taken back and are none of the operations here: whose folder is missing, which went on without
 * it, or which somebody made outside of every operation. Whole sentences. Of all others, {@link findReadiness} tells.
 */
export async function findUncovered(suite: Suite, { operations }: Register): Promise<string[]> {
  const open = await Promise.all(PROXY_NAMES.map((proxy) => openChangeOf(suite, proxy)));
  return open
    .filter((change) => change !== undefined)
    .filter((change) => !operations.some((registered) => covers(registered, change)))
    .map(describe);
}

async function openChangeOf({ connection, record }: Suite, proxy: ProxyName): Promise<Change | undefined> {
  const { provider } = connection.ethers;
  const { upgradeController } = contractsAt(record, provider);
  const address = getAddress(record.contracts[proxy].address);
  const { previous, implementation, upgradedAt } = await upgradeController.proxyRecord(address);
  if (BigInt(previous) === 0n) return undefined;
  const until = Number(upgradedAt) + Number(await upgradeController.rollbackWindow());
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  return now < until ? { proxy, address, from: previous, to: implementation, until } : undefined;
}

/** Whether an operation made this very change, by its own steps, and keeps a rollback of it ready. */
function covers(
  { opened: { manifest }, progress, standing }: Registered,
  { address, from, to }: Change,
): boolean {
  if (standing !== "done" && standing !== "under way") return false;
  const isItsOwn = manifest.proxies.some(
    ({ address: proxy, before, after }) =>
      proxy === address && before.implementation === from && after.implementation === to,
  );
  const isKept = ({ branch, call, notBefore }: Step) =>
    branch === "ready" &&
    call.function === "rollback(address)" &&
    call.arguments[0]?.value === address &&
    (notBefore === null || notBefore.step in progress.times);
  return isItsOwn && manifest.steps.some(isKept);
}

const describe = ({ proxy, from, to, until }: Change): string =>
  `${proxy} was upgraded from ${from} to ${to}, which can be taken back until ${formatTime(until)}, and no operation here ` +
  "keeps a rollback of it ready: get its folder from version control or from whoever planned it. If nobody has it, plan " +
  `one, to be carried out or not: ${toType("ops plan rollback", `--proxy ${proxy}`, "--reason <why>")}`;
