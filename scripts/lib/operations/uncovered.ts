import { getAddress } from "ethers";

import type { Collecting } from "./consents.js";
import { contained, isUnreadable } from "./contained.js";
import type { Step } from "./manifest.js";
import { findHindrances, type Hindrance } from "./readiness.js";
import type { Register, Registered } from "./register.js";
import { contractsAt, PROXY_NAMES, type ProxyName, type Suite } from "./suite.js";
import { toType } from "./to-type.js";
import { formatTime } from "./units.js";

const DAY = 86_400;

/** An upgrade that can still be taken back, as the chain itself knows it. */
interface Change {
  readonly proxy: ProxyName;
  readonly address: string;
  readonly from: string;
  readonly to: string;
  /** Unix seconds. */
  readonly until: number;
  /** How much of that is left, in seconds. */
  readonly left: number;
}

/**
 * Upgrades that can still be taken back and are none of the operations here: whose folder is missing, which went on without
 * it, or which somebody made outside of every operation. Whole sentences. Of all others, {@link findReadiness} tells.
 */
export async function findUncovered(
  suite: Suite,
  { operations }: Register,
  collecting: Collecting = {},
): Promise<string[]> {
  const open = await Promise.all(PROXY_NAMES.map((proxy) => openChangeOf(suite, proxy)));
  const sentences: string[] = [];
  for (const change of open.filter((one) => one !== undefined)) {
    if (operations.some((registered) => covers(registered, change))) continue;
    const waiting = operations.map((registered) => isReadyRollback(suite, registered, change, collecting));
    if (!(await Promise.all(waiting)).includes(true)) sentences.push(describe(change));
  }
  return sentences;
}

async function openChangeOf({ connection, record }: Suite, proxy: ProxyName): Promise<Change | undefined> {
  const { provider } = connection.ethers;
  const { upgradeController } = contractsAt(record, provider);
  const address = getAddress(record.contracts[proxy].address);
  const { previous, implementation, upgradedAt } = await upgradeController.proxyRecord(address);
  if (BigInt(previous) === 0n) return undefined;
  const until = Number(upgradedAt) + Number(await upgradeController.rollbackWindow());
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  if (now >= until) return undefined;
  return { proxy, address, from: previous, to: implementation, until, left: until - now };
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

/** Whether an operation is a rollback of this very change of which nothing is missing but that somebody sends it. */
async function isReadyRollback(
  { connection, record }: Suite,
  { operation, opened, progress, standing }: Registered,
  { address, from, to }: Change,
  collecting: Collecting,
): Promise<boolean> {
  const [step] = progress.left;
  if (standing !== "planned" || step?.call.function !== "rollback(address)") return false;
  const isOfIt = opened.manifest.proxies.some(
    ({ address: proxy, before, after }) =>
      proxy === address && before.implementation === to && after.implementation === from,
  );
  if (!isOfIt || step.call.arguments[0]?.value !== address) return false;
  const looking = { provider: connection.ethers.provider, record, opened, step, progress, collecting };
  const found = await contained(operation, () => findHindrances(looking));
  // What a key does itself, it signs when that is sent.
  const isOfKey = opened.accountOf(step.id).kind === "key";
  const isReady = (one: Hindrance) => one.kind === "unsigned" && (isOfKey || one.lastOwners !== undefined);
  return !isUnreadable(found) && found.every(isReady);
}

const describe = ({ proxy, from, to, until, left }: Change): string =>
  `${proxy} was upgraded from ${from} to ${to}, which can be taken back until ${formatTime(until)}, and no operation here ` +
  "keeps a rollback of it ready: get its folder from version control or from whoever planned it. If nobody has it, plan " +
  "one and have it signed, to be carried out with `ops execute` or not: " +
  toType("ops plan rollback", `--proxy ${proxy}`, "--reason <why>", `--valid-for ${Math.ceil(left / DAY)}d`);
