import { readdir } from "node:fs/promises";
import path from "node:path";

import { Contract, keccak256, type Provider, type TransactionReceipt } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { queryAll } from "../../../deploy/logs.js";
import { ask } from "../safe/abi.js";
import { requireExecutionSuccess } from "../safe/execute.js";
import { attemptsFolder, attemptsIn } from "./attempts.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { outcomesOf, type CarriedOut } from "./outcomes.js";
import { readRaw } from "./raw.js";
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
}

/**
 * Finds out how far an operation has come. The chain alone decides: each transaction's receipt is looked up, whatever the
 * record says, and what was sent by somebody else, or by a process that died, counts as well.
 */
export async function findProgress(provider: Provider, opened: OpenManifest): Promise<OperationProgress> {
  const recorded = (await outcomesOf(opened).read()).filter((line) => line.kind === "carried out");
  const carriedOut: CarriedOut[] = [];
  for (const step of opened.manifest.steps) {
    const known = recorded.filter((line) => line.step === step.id);
    const found = await findExecution(provider, opened, step, known);
    if (found !== undefined) carriedOut.push(found);
  }
  const times = Object.fromEntries(carriedOut.map(({ step, time }) => [step, time]));
  return {
    carriedOut,
    times,
    left: opened.manifest.steps.filter(({ id, branch }) => branch === "main" && !(id in times)),
    gone: recorded
      .filter(({ step }) => !(step in times))
      .map(({ step, hash }) => `${step} was carried out by ${hash}, which the chain does not know any more.`),
  };
}

async function findExecution(
  provider: Provider,
  opened: OpenManifest,
  step: Step,
  known: readonly CarriedOut[],
): Promise<CarriedOut | undefined> {
  const hashes = new Set([...known.map(({ hash }) => hash), ...(await hashesTried(opened, step))]);
  const receipt =
    (await firstThatDid(provider, opened, step, hashes)) ??
    (await firstThatDid(provider, opened, step, await hashesOnTheChain(provider, opened, step)));
  if (receipt === undefined) return undefined;
  const { hash, from: by, blockNumber: block, blockHash } = receipt;
  const { timestamp: time } = (await provider.getBlock(blockHash))!;
  const surprises = known.find((line) => line.hash === hash)?.surprises ?? null;
  return { kind: "carried out", step: step.id, hash, block, blockHash, time, by, surprises };
}

/** The transactions by which somebody here may have carried out a step: sent, or signed to be sent. */
async function hashesTried(opened: OpenManifest, { id, branch }: Step): Promise<string[]> {
  const folder = attemptsFolder(opened);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const logs = names.filter((name) => new RegExp(`^${id}-0x\\w{40}\\.jsonl$`).test(name));
  const attempts = await Promise.all(logs.map((name) => attemptsIn(path.join(folder, name)).read()));
  const isPresigned = branch === "ready" && opened.accountOf(id).kind === "key";
  // What is damaged was not sent by us, and is for those to complain of who want to send it.
  const raw = isPresigned && (await readRaw(opened, id).catch(() => undefined));
  return [...attempts.flat().map(({ hash }) => hash), ...(raw ? [keccak256(raw)] : [])];
}

/** The transactions by which anybody carried out a step of a Safe, by the Safe's own event. */
async function hashesOnTheChain(
  provider: Provider,
  { manifest }: OpenManifest,
  step: Step,
): Promise<string[]> {
  const account = manifest.accounts.find(({ address }) => address === step.account)!;
  if (account.kind === "key") return [];
  const nonce = await ask<bigint>(provider, account.address, "nonce");
  if (Number(nonce) <= step.nonce) return [];
  const isIndexed = account.tree.state.version !== "1.3.0";
  const event = `event ExecutionSuccess(bytes32 ${isIndexed ? "indexed " : ""}txHash, uint256 payment)`;
  const safe = new Contract(account.address, [event], provider);
  const logs = await queryAll(safe, "ExecutionSuccess", manifest.plannedAt.block);
  return logs
    .filter(({ args }) => args.txHash === step.safeTxHash)
    .map(({ transactionHash }) => transactionHash);
}

async function firstThatDid(
  provider: Provider,
  opened: OpenManifest,
  step: Step,
  hashes: Iterable<string>,
): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null && (await didIt(provider, opened, step, receipt))) return receipt;
  }
  return undefined;
}

/** Whether a transaction carried a step out, and nothing else under its name. */
async function didIt(
  provider: Provider,
  opened: OpenManifest,
  { id, account, nonce, transaction }: Step,
  receipt: TransactionReceipt,
): Promise<boolean> {
  if (opened.accountOf(id).kind === "safe") {
    try {
      requireExecutionSuccess(receipt, opened.safeTransaction(id));
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }
  const sent = await provider.getTransaction(receipt.hash);
  return (
    receipt.status === 1 &&
    sent?.from === account &&
    sent.nonce === nonce &&
    sent.to === transaction.to &&
    sent.data === transaction.data &&
    sent.value === BigInt(transaction.value)
  );
}
