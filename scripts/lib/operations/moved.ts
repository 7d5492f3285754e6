import { keccak256, type Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import { Fault } from "../../../deploy/fault.js";
import { readAccount } from "./accounts.js";
import { firstDifference } from "./canonical.js";
import type { AccountInManifest, Manifest } from "./manifest.js";
import { contractsAt } from "./suite.js";
import { formatTime } from "./units.js";

/** How far an operation has come: the steps of its main branch that were carried out. */
export interface Progress {
  readonly done: readonly string[];
}

/**
 * What is no longer as it was when the operation was planned, apart from what its own steps did. Whole sentences; none if
 * nothing moved.
 *
 * @param provider Of the chain, or of a fork of it.
 */
export async function findMoved(
  provider: Provider,
  record: DeploymentRecord,
  manifest: Manifest,
  { done }: Progress = { done: [] },
): Promise<string[]> {
  const { chainId } = await provider.getNetwork();
  if (Number(chainId) !== manifest.chainId) {
    return [`It is planned for chain ${manifest.chainId}, and this is chain ${chainId}.`];
  }
  const { block, hash, time } = manifest.plannedAt;
  const then = await provider.getBlock(block);
  if (then?.hash !== hash) {
    return [
      `Block ${block} of ${formatTime(time)}, on which it was planned, is ${then?.hash ?? "not there"} now.`,
    ];
  }
  return [
    ...(await findMovedCode(provider, record, manifest, done)),
    ...(await findMovedAccounts(provider, record, manifest, done)),
  ];
}

async function findMovedCode(
  provider: Provider,
  record: DeploymentRecord,
  { suite, proxies, steps }: Manifest,
  done: readonly string[],
): Promise<string[]> {
  const moved: string[] = [];
  const codehashAt = async (address: string) => keccak256(await provider.getCode(address));
  const { accessManager, upgradeController } = suite;
  for (const { address, codehash } of [accessManager, upgradeController]) {
    const found = await codehashAt(address);
    if (found !== codehash)
      moved.push(`The code at ${address} had the hash ${codehash}, and now has ${found}.`);
  }
  // The last step of the main branch is the one that changes code.
  const isDone = done.includes(steps.findLast(({ branch }) => branch === "main")!.id);
  const controller = contractsAt(record, provider).upgradeController;
  for (const { name, address, before, after } of proxies) {
    const expected = isDone ? after : before;
    const { implementation } = await controller.proxyRecord(address);
    if (implementation !== expected.implementation) {
      moved.push(`${name} should run ${expected.implementation}, and runs ${implementation}.`);
    }
    for (const { implementation: known, codehash } of before.codehash === after.codehash
      ? [before]
      : [before, after]) {
      const found = await codehashAt(known);
      if (found !== codehash)
        moved.push(`The code at ${known} had the hash ${codehash}, and now has ${found}.`);
    }
  }
  return moved;
}

async function findMovedAccounts(
  provider: Provider,
  record: DeploymentRecord,
  { accounts, steps }: Manifest,
  done: readonly string[],
): Promise<string[]> {
  const { accessManager } = contractsAt(record, provider);
  const moved: string[] = [];
  for (const account of accounts) {
    const { address, roles } = account;
    const used = steps.filter((step) => step.account === address && done.includes(step.id)).length;
    let found: Awaited<ReturnType<typeof readAccount>>;
    try {
      found = await readAccount(provider, accessManager, address);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      moved.push(error.message);
      continue;
    }
    if (found.nonce !== account.nonce + used) {
      moved.push(`${address} should be at nonce ${account.nonce + used}, and is at ${found.nonce}.`);
    }
    if (found.roles.join() !== roles.join()) {
      moved.push(
        `${address} held ${roles.join(", ") || "no role"}, and now holds ${found.roles.join(", ") || "none"}.`,
      );
    }
    moved.push(...describeMovedSafe(account, found as AccountInManifest));
  }
  return moved;
}

function describeMovedSafe(planned: AccountInManifest, found: AccountInManifest): string[] {
  const { address } = planned;
  if (planned.kind !== found.kind) return [`${address} was ${kindOf(planned)}, and now is ${kindOf(found)}.`];
  if (planned.kind === "key" || found.kind === "key") return [];
  const differences: string[] = [];
  const [before, now] = [planned.tree.state, found.tree.state];
  for (const key of Object.keys(before) as (keyof typeof before)[]) {
    if (key === "nonce" || firstDifference(before[key], now[key]) === undefined) continue;
    differences.push(
      `The ${key} of the Safe ${address} was ${show(before[key])}, and now is ${show(now[key])}.`,
    );
  }
  const within = firstDifference(withoutNonces(planned.tree.owners), withoutNonces(found.tree.owners));
  if (differences.length === 0 && within !== undefined) {
    differences.push(`A Safe that is an owner of ${address} is not as it was: ${within}.`);
  }
  return differences;
}

/** What an owner that is a Safe signs does not depend on its own nonce. */
const withoutNonces = (owners: object) =>
  JSON.parse(
    JSON.stringify(owners, (key, value: unknown) => (key === "nonce" ? undefined : value)),
  ) as object;

const kindOf = ({ kind }: AccountInManifest) => (kind === "key" ? "a key" : "a Safe");
const show = (value: string | number | null | readonly string[]) =>
  (Array.isArray(value) ? value.join(", ") : String((value as string | number | null) ?? "")) || "none";
