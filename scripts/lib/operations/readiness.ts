import { Transaction, ZeroAddress, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { revertDataOf } from "../safe/errors.js";
import { requireExecutable } from "../safe/execute.js";
import { nonceOf } from "./accounts.js";
import { collectFor } from "./consents.js";
import type { Step } from "./manifest.js";
import { findMovedProxy, findMovedSuite, findOtherChain } from "./moved.js";
import type { OpenManifest } from "./open.js";
import type { OperationProgress } from "./progress.js";
import { readRaw } from "./raw.js";
import { explainRevert } from "./reverts.js";
import { formatTime } from "./units.js";

/**
 * Why something that was signed beforehand would not work right now. Whole sentences; none if it would. It is tried out on
 * the chain as it is, without sending anything.
 *
 * @param step Of the branch that is kept ready.
 */
export async function hindrancesOf(
  provider: Provider,
  record: DeploymentRecord,
  opened: OpenManifest,
  step: Step,
  progress: OperationProgress,
): Promise<string[]> {
  // Where one of these is in the way, the rest would only be its consequence.
  const examinations = [
    () => findOtherChain(provider, opened.manifest),
    () => findUntimely(provider, step, progress),
    () => findMovedSuite(provider, opened.manifest),
    () => findMovedCode(provider, record, opened, step),
    () => findUsedNonce(provider, opened, step),
    () => tryOut(provider, opened, step),
  ];
  for (const examine of examinations) {
    const found = await examine();
    if (found.length > 0) return found;
  }
  return [];
}

async function findUntimely(
  provider: Provider,
  { id, notBefore, notAfter }: Step,
  { times, carriedOut }: OperationProgress,
): Promise<string[]> {
  const done = carriedOut.find(({ step }) => step === id);
  if (done !== undefined) return [`It was carried out already, by ${done.hash}.`];
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  for (const after of [notBefore, notAfter])
    if (after !== null && !(after.step in times))
      return [`It is for after ${after.step}, which was not carried out.`];
  if (notBefore !== null && now < times[notBefore.step]! + notBefore.seconds)
    return [`It is possible from ${formatTime(times[notBefore.step]! + notBefore.seconds)} on.`];
  if (notAfter !== null && now > times[notAfter.step]! + notAfter.seconds)
    return [`It was possible until ${formatTime(times[notAfter.step]! + notAfter.seconds)}.`];
  return [];
}

/** A rollback is for the code that the operation put in place. A pause is for any. */
async function findMovedCode(
  provider: Provider,
  record: DeploymentRecord,
  { manifest }: OpenManifest,
  { call }: Step,
): Promise<string[]> {
  if (call.function !== "rollback(address)") return [];
  const proxy = manifest.proxies.find(({ address }) => address === call.arguments[0]!.value)!;
  return await findMovedProxy(provider, record, proxy, "after");
}

async function findUsedNonce(
  provider: Provider,
  opened: OpenManifest,
  { id, nonce, account }: Step,
): Promise<string[]> {
  const next = await nonceOf(provider, opened.accountOf(id));
  if (next === nonce) return [];
  const where = `Its nonce is ${nonce} and ${account} is at ${next}`;
  return [next > nonce ? `${where}: it is used.` : `${where}: what is signed for ${next} goes first.`];
}

async function tryOut(provider: Provider, opened: OpenManifest, step: Step): Promise<string[]> {
  try {
    await (opened.accountOf(step.id).kind === "safe"
      ? trySafe(provider, opened, step)
      : tryKey(provider, opened, step));
    return [];
  } catch (error) {
    if (error instanceof Fault) return [error.message];
    throw error;
  }
}

async function trySafe(provider: Provider, opened: OpenManifest, { id }: Step): Promise<void> {
  const consents = await collectFor(provider, opened, id);
  await requireExecutable(provider, opened.safeTransaction(id), consents, ZeroAddress, explainRevert);
}

async function tryKey(provider: Provider, opened: OpenManifest, { id, account }: Step): Promise<void> {
  const raw = await readRaw(opened, id);
  if (raw === undefined) throw new Fault(`${account} did not sign it.`);
  const { to, data, value, gasLimit, maxFeePerGas } = Transaction.from(raw);
  const needed = gasLimit * maxFeePerGas! + value;
  const balance = await provider.getBalance(account);
  if (balance < needed) {
    throw new Fault(`${account} has ${balance} wei, and its fees are up to ${needed}: send it coin.`);
  }
  const { baseFeePerGas } = (await provider.getBlock("latest"))!;
  if (baseFeePerGas !== null && maxFeePerGas! < baseFeePerGas) {
    throw new Fault(`It pays up to ${maxFeePerGas} wei for gas, and blocks ask ${baseFeePerGas}: sign anew.`);
  }
  try {
    await provider.call({ from: account, to, data, value, gasLimit });
  } catch (cause) {
    const revert = revertDataOf(cause);
    if (revert === undefined) throw cause;
    throw new Fault(`It would revert: ${explainRevert(revert) ?? revert}.`, { cause });
  }
}
