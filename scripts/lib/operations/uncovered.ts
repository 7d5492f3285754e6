import { getAddress } from "ethers";

import type { Collecting } from "./consents.js";
import { contained, isUnreadable } from "./contained.js";
import type { Step } from "./manifest.js";
import { findHindrances, type Hindrance } from "./readiness.js";
import { requireRehearsed } from "./rehearsal.js";
import type { Register, Registered } from "./register.js";
import { contractsAt, PROXY_NAMES, type ProxyName, type Suite } from "./suite.js";
import { operationIn, toType } from "./to-type.js";
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
    const found = await Promise.all(
      operations.map((registered) => findRollback(suite, registered, change, collecting)),
    );
    const rollbacks = found.filter((one) => one !== undefined);
    if (rollbacks.some(({ signer }) => signer === undefined)) continue;
    sentences.push(rollbacks.length === 0 ? describe(change) : describePlanned(change, rollbacks[0]!));
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

/** A planned rollback of which nothing is missing but that somebody sends it. */
interface Rollback {
  readonly folder: string;
  /** The key whose account it is of, and which signs it only when it is sent. */
  readonly signer?: string;
}

/** An operation as a rollback of this very change, if it is one that `ops execute` would carry out. */
async function findRollback(
  { connection, record }: Suite,
  { operation, opened, progress, standing }: Registered,
  { address, from, to }: Change,
  collecting: Collecting,
): Promise<Rollback | undefined> {
  const [step] = progress.left;
  if (standing !== "planned" || step?.call.function !== "rollback(address)") return undefined;
  const isOfIt = opened.manifest.proxies.some(
    ({ address: proxy, before, after }) =>
      proxy === address && before.implementation === to && after.implementation === from,
  );
  if (!isOfIt || step.call.arguments[0]?.value !== address) return undefined;
  const { provider } = connection.ethers;
  const looking = { provider, record, opened, step, progress, collecting };
  const found = await contained(operation, async () => {
    await requireRehearsed(opened, { provider, times: progress.times });
    return await findHindrances(looking);
  });
  const isOfKey = opened.accountOf(step.id).kind === "key";
  const isReady = (one: Hindrance) => one.kind === "unsigned" && (isOfKey || one.lastOwners !== undefined);
  if (isUnreadable(found) || !found.every(isReady)) return undefined;
  // Whoever can write a folder can plan; nothing in it shows that its key has ever seen it.
  return { folder: opened.folder, ...(isOfKey && { signer: step.account }) };
}

const describeChange = ({ proxy, from, to, until }: Change): string =>
  `${proxy} was upgraded from ${from} to ${to}, which can be taken back until ${formatTime(until)}, and `;

const describe = (change: Change): string =>
  `${describeChange(change)}no operation here keeps a rollback of it ready: get its folder from version control or from ` +
  "whoever planned it. If nobody has it, plan one, rehearse it and have it signed, to be carried out with `ops execute` " +
  `or not: ${toType("ops plan rollback", `--proxy ${change.proxy}`, "--reason <why>", `--valid-for ${Math.ceil(change.left / DAY)}d`)}`;

const describePlanned = (change: Change, { folder, signer }: Rollback): string =>
  `${describeChange(change)}a rollback of it is planned and rehearsed, which only ${signer} can sign, when it is sent: ` +
  toType("ops execute", operationIn({ folder }), "--signer <theirs>");
