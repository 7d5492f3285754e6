import { keccak256, type Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import { Fault } from "../../../deploy/fault.js";
import { readAccount, type Account } from "./accounts.js";
import { firstDifference } from "./canonical.js";
import type { AccountInManifest, Manifest, Proxy, Step } from "./manifest.js";
import { placeOf, type Spent } from "./spent.js";
import { contractsAt } from "./suite.js";
import { formatTime } from "./units.js";

/** How far an operation has come: the steps of its main branch that were carried out. */
export interface Progress {
  readonly done: readonly string[];
  /** The nonces that each key's own attempts used up in vain: what is left of it comes later by as many. */
  readonly spent?: Readonly<Record<string, Spent>>;
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
  { done, spent = {} }: Progress = { done: [] },
): Promise<string[]> {
  const otherChain = await findOtherChain(provider, manifest);
  if (otherChain.length > 0) return otherChain;
  return [
    ...(await findMovedSuite(provider, manifest)),
    ...(await findMovedCode(provider, record, manifest, done)),
    ...(await findMovedAccounts(provider, record, manifest, { done, spent })),
  ];
}

/** Whether it is the chain that the operation was planned on: by its id, and by the block of the plan. */
export async function findOtherChain(provider: Provider, manifest: Manifest): Promise<string[]> {
  const { chainId } = await provider.getNetwork();
  if (Number(chainId) !== manifest.chainId) {
    return [`It is planned for chain ${manifest.chainId}, and this is chain ${chainId}.`];
  }
  const { block, hash, time } = manifest.plannedAt;
  const then = await provider.getBlock(block);
  if (then?.hash === hash) return [];
  return [
    `Block ${block} of ${formatTime(time)}, on which it was planned, is ${then?.hash ?? "not there"} now.`,
  ];
}

/** What every operation goes through is no proxy, and never changes. */
export async function findMovedSuite(provider: Provider, { suite }: Manifest): Promise<string[]> {
  const moved = [suite.accessManager, suite.upgradeController].map((code) =>
    describeMovedCode(provider, code),
  );
  return (await Promise.all(moved)).flat();
}

async function describeMovedCode(
  provider: Provider,
  { address, codehash }: { address: string; codehash: string },
): Promise<string[]> {
  const found = keccak256(await provider.getCode(address));
  return found === codehash ? [] : [`The code at ${address} had the hash ${codehash}, and now has ${found}.`];
}

/**
 * Where a proxy does not run one of its two versions, or either is no longer the code that it was.
 *
 * @param expected Which of them it should run.
 * @param judged Which of them must not have changed.
 */
export async function findMovedProxy(
  provider: Provider,
  record: DeploymentRecord,
  { name, address, before, after }: Proxy,
  expected: "before" | "after",
  judged: readonly Pick<Proxy["before"], "implementation" | "codehash">[] = before.codehash === after.codehash
    ? [before]
    : [before, after],
): Promise<string[]> {
  const moved: string[] = [];
  const { implementation: wanted } = expected === "before" ? before : after;
  const { implementation } = await contractsAt(record, provider).upgradeController.proxyRecord(address);
  if (implementation !== wanted) moved.push(`${name} should run ${wanted}, and runs ${implementation}.`);
  for (const { implementation: address, codehash } of judged)
    moved.push(...(await describeMovedCode(provider, { address, codehash })));
  return moved;
}

async function findMovedCode(
  provider: Provider,
  record: DeploymentRecord,
  { proxies, steps }: Manifest,
  done: readonly string[],
): Promise<string[]> {
  // The last step of the main branch is the one that changes code.
  const isDone = done.includes(steps.findLast(({ branch }) => branch === "main")!.id);
  const moved: string[] = [];
  for (const proxy of proxies)
    moved.push(...(await findMovedProxy(provider, record, proxy, isDone ? "after" : "before")));
  return moved;
}

async function findMovedAccounts(
  provider: Provider,
  record: DeploymentRecord,
  { accounts, steps }: Manifest,
  { done, spent }: Required<Progress>,
): Promise<string[]> {
  const { accessManager } = contractsAt(record, provider);
  const moved: string[] = [];
  for (const account of accounts) {
    const { address, roles } = account;
    let found: Awaited<ReturnType<typeof readAccount>>;
    try {
      found = await readAccount(provider, accessManager, address);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      moved.push(error.message);
      continue;
    }
    moved.push(
      ...describeMovedNonce(
        found,
        steps.filter((step) => step.account === address && !done.includes(step.id)),
        spent[address] ?? [],
      ),
    );
    if (found.roles.join() !== roles.join()) {
      moved.push(
        `${address} held ${roles.join(", ") || "no role"}, and now holds ${found.roles.join(", ") || "none"}.`,
      );
    }
    moved.push(...describeMovedSafe(account, found as AccountInManifest));
  }
  return moved;
}

/**
 * An account whose turn it is must be at its step's very nonce. One of whom only something is kept ready may have done
 * other things, as long as something of it still works.
 */
function describeMovedNonce({ address, nonce }: Account, left: readonly Step[], spent: Spent): string[] {
  const next = left.find(({ branch }) => branch === "main");
  if (next !== undefined) {
    const expected = placeOf(next, nonce, spent);
    return expected === nonce ? [] : [`${address} should be at nonce ${expected}, and is at ${nonce}.`];
  }
  if (left.length === 0) return [];
  const last = Math.max(...left.map((step) => step.nonce));
  return nonce <= last ? [] : [`${address} is at nonce ${nonce}, and what is kept ready goes up to ${last}.`];
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
