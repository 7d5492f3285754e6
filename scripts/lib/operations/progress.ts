import { readdir } from "node:fs/promises";
import path from "node:path";

import { Contract, keccak256, type Provider, type TransactionReceipt } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { queryAll } from "../../../deploy/logs.js";
import { ask } from "../safe/abi.js";
import { requireExecutionSuccess } from "../safe/execute.js";
import { attemptsFolder, attemptsIn, lastFew } from "./attempts.js";
import { readGovernance } from "./governance.js";
import { LogPatience, unlessEnded } from "./log-patience.js";
import type { Manifest, Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { outcomesOf, type CarriedOut } from "./outcomes.js";
import { readRaw } from "./raw.js";
import { isCallOf, placeOf, spentNonces, type Spent } from "./spent.js";
import type { Times } from "./timed.js";

/** How far an operation has come on the chain. */
export interface OperationProgress {
  /** The steps that were carried out, in the manifest's order: first the main ones, then what was kept ready. */
  readonly carriedOut: readonly CarriedOut[];
  /** When each of them was, in Unix seconds, by its id: what `rehearse` takes as `done`. */
  readonly times: Times;
  /** The steps of the main branch that are left, in order. */
  readonly left: readonly Step[];
  /** What the operation's record says was carried out, and the chain does not know (any more). Whole sentences. */
  readonly gone: readonly string[];
  /** What a key did as a step does it, but not at its place, so that it is not the step. Whole sentences. */
  readonly outside: readonly string[];
  /** The nonces that each key's own attempts used up in vain. */
  readonly spent: Readonly<Record<string, Spent>>;
  /** Steps of which, where it is urgent, the chain did not tell in time. Whether they were carried out is open. */
  readonly unknown: readonly string[];
}

/**
 * Of what was signed for the moment in which it is needed: no file that only records, and no endpoint that does not answer
 * what only explains, may be in its way. Only what was kept ready is looked for then, and what that waits for.
 */
export interface Urgency {
  readonly isUrgent?: boolean;
  /** Which of it is needed; every one of what was kept ready if left out. */
  readonly isNeeded?: (step: Step) => boolean;
  /** What is left of it, where several look one after the other. */
  readonly logs?: LogPatience;
  /** What was seen mined a moment ago. It is found by that alone, whatever became of the record and of logs. */
  readonly mined?: readonly Mined[];
}

/** By which transaction a step was carried out. */
type Mined = Pick<CarriedOut, "step" | "hash">;
/** Where to look for a step. */
interface Known {
  readonly mined: readonly Mined[];
  readonly recorded: readonly CarriedOut[];
}

/** After that long nobody who needs a rollback waits for whether a step was carried out. */
const URGENT_MS = 10_000;

/** Such as of a directory in the place of a file, or one that nobody may read. */
const isOfFile = (error: unknown) => typeof (error as NodeJS.ErrnoException).syscall === "string";

/** What a file holds, or if that is damaged and there is no time, something else. */
async function unlessUrgent<Content>(
  isUrgent: boolean,
  read: Promise<Content>,
  instead: Content,
): Promise<Content> {
  return await read.catch((error: unknown) => {
    if (isUrgent && (error instanceof Fault || isOfFile(error))) return instead;
    throw error;
  });
}

/**
 * Finds out how far an operation has come. The chain alone decides: each transaction's receipt is looked up, whatever the
 * record says, and what was sent by somebody else, with another tool, or by a process that died, counts as well.
 */
export async function findProgress(
  provider: Provider,
  opened: OpenManifest,
  urgency: Urgency = {},
): Promise<OperationProgress> {
  const { isUrgent = false } = urgency;
  const lines = await unlessUrgent(isUrgent, outcomesOf(opened).read(), []);
  const recorded = lines.filter((line) => line.kind === "carried out");
  const { found, spent } = await (isUrgent
    ? findAtOnce(provider, opened, recorded, urgency)
    : findEach(provider, opened, recorded, urgency));
  const carriedOut = found.filter((line) => typeof line === "object");
  const times = Object.fromEntries(carriedOut.map(({ step, time }) => [step, time]));
  const unknown = found.filter((line) => typeof line === "string");
  if (isUrgent)
    return { carriedOut, times, left: leftAfter(opened, times), gone: [], outside: [], spent, unknown };
  return {
    carriedOut,
    times,
    left: opened.manifest.steps.filter(({ id, branch }) => branch === "main" && !(id in times)),
    gone: recorded
      .filter(({ step }) => !(step in times))
      .map(({ step, hash }) => `${step} was carried out by ${hash}, which the chain does not know any more.`),
    outside: await findOutside(provider, opened, times),
    spent,
    unknown,
  };
}

interface Found {
  /** In the manifest's order; only its id of a step that is unknown. */
  readonly found: readonly (CarriedOut | string | undefined)[];
  readonly spent: OperationProgress["spent"];
}

async function findEach(
  provider: Provider,
  opened: OpenManifest,
  recorded: readonly CarriedOut[],
  { mined = [] }: Urgency,
): Promise<Found> {
  const spent = await spentByKeys(provider, opened);
  const found = opened.manifest.steps.map((step) => {
    const place = { provider, opened, spent: spent[step.account] ?? [] };
    return findExecution(place, step, knownOf(step, { mined, recorded }));
  });
  return { found: await Promise.all(found), spent };
}

/** What was kept ready and is needed, and what that waits for. Whatever the chain does not tell in time is unknown. */
async function findAtOnce(
  provider: Provider,
  opened: OpenManifest,
  recorded: readonly CarriedOut[],
  { isNeeded = ({ branch }) => branch === "ready", logs = new LogPatience(), mined = [] }: Urgency,
): Promise<Found> {
  const { steps } = opened.manifest;
  const needed = steps.filter(isNeeded);
  const ids = new Set(needed.flatMap(({ id, notBefore, notAfter }) => [id, notBefore?.step, notAfter?.step]));
  const signal = AbortSignal.timeout(URGENT_MS);
  const found = steps
    .filter(({ id }) => ids.has(id))
    .map(async (step) => {
      const look = async () => {
        const isSpent = step.branch === "main" && opened.accountOf(step.id).kind === "key";
        const spent = isSpent ? await spentNonces(provider, opened, step.account, signal) : [];
        const place = { provider, opened, spent, signal, logs };
        return await findExecution(place, step, knownOf(step, { mined, recorded }));
      };
      return await unlessEnded(signal, look()).catch(() => step.id);
    });
  return { found: await Promise.all(found), spent: {} };
}

const knownOf = ({ id }: Step, { mined, recorded }: Known): Known => ({
  mined: mined.filter(({ step }) => step === id),
  recorded: recorded.filter(({ step }) => step === id),
});

/** What comes after the last step that was found: those before it must have been carried out for that, looked for or not. */
function leftAfter({ manifest }: OpenManifest, times: Times): Step[] {
  const main = manifest.steps.filter(({ branch }) => branch === "main");
  return main.slice(main.findLastIndex(({ id }) => id in times) + 1);
}

async function spentByKeys(provider: Provider, opened: OpenManifest): Promise<Record<string, Spent>> {
  const keys = opened.manifest.accounts.filter(({ kind }) => kind === "key").map(({ address }) => address);
  return Object.fromEntries(
    await Promise.all(keys.map(async (key) => [key, await spentNonces(provider, opened, key)] as const)),
  );
}

/** Whether an operation was begun. What was kept ready may have been needed without it. */
export const isBegun = ({ steps }: Manifest, times: Times): boolean =>
  steps.some(({ id, branch }) => branch === "main" && id in times);

interface Place {
  readonly provider: Provider;
  readonly opened: OpenManifest;
  /** By the step's own account. */
  readonly spent: Spent;
  /** Ends the looking. */
  readonly signal?: AbortSignal;
  /** Where it is urgent. */
  readonly logs?: LogPatience;
}

async function findExecution(
  place: Place,
  step: Step,
  { mined, recorded }: Known,
): Promise<CarriedOut | undefined> {
  const certain = [...mined.map(({ hash }) => hash), ...(await hashesPresigned(place.opened, step))];
  const receipt =
    (await firstThatDid(place, step, new Set(certain))) ??
    (await firstNamed(place, step, recorded)) ??
    (await firstThatDid(place, step, await hashesOnTheChain(place, step)));
  if (receipt === undefined) return undefined;
  const { hash, from: by, blockNumber: block, blockHash } = receipt;
  const { timestamp: time } = (await place.provider.getBlock(blockHash))!;
  const surprises = recorded.find((line) => line.hash === hash)?.surprises ?? null;
  return { kind: "carried out", step: step.id, hash, block, blockHash, time, by, surprises };
}

/** By a transaction that files here name. Where it is urgent, no more are looked up than a few. */
async function firstNamed(
  place: Place,
  step: Step,
  recorded: readonly CarriedOut[],
): Promise<TransactionReceipt | undefined> {
  const { opened, logs } = place;
  const tried = await unlessUrgent(logs !== undefined, hashesTried(opened, step, logs !== undefined), []);
  const told = recorded.map(({ hash }) => hash);
  if (logs === undefined) return await firstThatDid(place, step, new Set([...told, ...tried]));
  const few = new Set([...lastFew(told).toReversed(), ...lastFew(tried)]);
  return await logs.named.spend((signal) => firstThatDid({ ...place, signal }, step, few));
}

/** That of the bytes which a key signed beforehand. Who wants to send them complains of what is damaged. */
async function hashesPresigned(opened: OpenManifest, { id, branch }: Step): Promise<string[]> {
  if (branch !== "ready" || opened.accountOf(id).kind === "safe") return [];
  const raw = await readRaw(opened, id).catch(() => undefined);
  return raw === undefined ? [] : [keccak256(raw)];
}

/** The transactions by which somebody here tried to carry out a step. */
async function hashesTried(opened: OpenManifest, { id }: Step, isUrgent: boolean): Promise<string[]> {
  const folder = attemptsFolder(opened);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const logs = names.filter((name) => new RegExp(`^${id}-0x\\w{40}\\.jsonl$`).test(name));
  const read = isUrgent ? lastFew(logs) : logs;
  const attempts = await Promise.all(read.map((name) => attemptsIn(path.join(folder, name)).read()));
  return attempts.flatMap((lines) => (isUrgent ? lastFew(lines) : lines)).map(({ hash }) => hash);
}

/**
 * The transactions by which anybody carried out a step, whoever sent them: of a Safe by its own event, of a key by those of
 * the contracts that it called.
 */
async function hashesOnTheChain(
  { provider, opened: { manifest }, logs: patience }: Place,
  step: Step,
): Promise<readonly string[]> {
  const read = <Logs>(work: (signal?: AbortSignal) => Promise<Logs>) => patience?.spend(work) ?? work();
  const account = manifest.accounts.find(({ address }) => address === step.account)!;
  if (account.kind === "key") {
    const next = await provider.getTransactionCount(account.address);
    return next <= step.nonce ? [] : await read((signal) => hashesOfAdmins(provider, manifest, signal));
  }
  const nonce = await ask<bigint>(provider, account.address, "nonce");
  if (Number(nonce) <= step.nonce) return [];
  const isIndexed = account.tree.state.version !== "1.3.0";
  const event = `event ExecutionSuccess(bytes32 ${isIndexed ? "indexed " : ""}txHash, uint256 payment)`;
  const safe = new Contract(account.address, [event], provider);
  const since = manifest.plannedAt.block;
  const logs = await read((signal) => queryAll(safe, "ExecutionSuccess", since, signal));
  return logs
    .filter(({ args }) => args.txHash === step.safeTxHash)
    .map(({ transactionHash }) => transactionHash);
}

/** All that admins did since an operation was planned: every act of one leaves an event. */
async function hashesOfAdmins(
  provider: Provider,
  { suite: contracts, plannedAt }: Manifest,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const since = { contracts, startBlock: plannedAt.block };
  const logs = await readGovernance(provider, since, await provider.getBlockNumber(), signal);
  return [...new Set(logs.map(({ log }) => log.transactionHash))];
}

/** A key that does by hand what a step is, before or after it is the step's turn, has done it all the same. */
async function findOutside(
  provider: Provider,
  opened: OpenManifest,
  times: Times,
): Promise<readonly string[]> {
  const { manifest } = opened;
  const left = manifest.steps.filter(
    ({ id, branch }) => branch === "main" && !(id in times) && opened.accountOf(id).kind === "key",
  );
  const [first] = left;
  if (first === undefined || (await provider.getTransactionCount(first.account)) <= first.nonce) return [];
  const sentences: string[] = [];
  for (const hash of await hashesOfAdmins(provider, manifest)) {
    const sent = await provider.getTransaction(hash);
    const step = left.find((one) => sent !== null && sent.nonce !== one.nonce && isCallOf(one, sent));
    if (step === undefined || (await provider.getTransactionReceipt(hash))?.status !== 1) continue;
    sentences.push(
      `${step.account} did with ${hash}, nonce ${sent!.nonce}, what the step ${step.id} was to do with nonce ` +
        `${step.nonce}. It counts on the chain and not as this step: plan anew what is left to do.`,
    );
  }
  return sentences;
}

async function firstThatDid(
  place: Place,
  step: Step,
  hashes: Iterable<string>,
): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes) {
    place.signal?.throwIfAborted();
    const receipt = await place.provider.getTransactionReceipt(hash);
    if (receipt !== null && (await didIt(place, step, receipt))) return receipt;
  }
  return undefined;
}

/** Whether a transaction carried a step out, and nothing else under its name. */
async function didIt(
  { provider, opened, spent }: Place,
  step: Step,
  receipt: TransactionReceipt,
): Promise<boolean> {
  if (opened.accountOf(step.id).kind === "safe") {
    try {
      requireExecutionSuccess(receipt, opened.safeTransaction(step.id));
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }
  const sent = await provider.getTransaction(receipt.hash);
  if (receipt.status !== 1 || sent === null || !isCallOf(step, sent)) return false;
  return sent.nonce === placeOf(step, sent.nonce, spent);
}
