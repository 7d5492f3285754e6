import { Transaction, ZeroAddress, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { revertDataOf } from "../safe/errors.js";
import { requireExecutable } from "../safe/execute.js";
import { collectFor, type Collecting } from "./consents.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { readRaw } from "./raw.js";
import { explainRevert } from "./reverts.js";

/** Why the chain as it is would not take what was signed for a step, byte for byte. Whole sentences; none if it would. */
export async function tryOut(
  provider: Provider,
  opened: OpenManifest,
  step: Step,
  collecting?: Collecting,
): Promise<string[]> {
  try {
    await (opened.accountOf(step.id).kind === "safe"
      ? trySafe(provider, opened, step, collecting)
      : tryKey(provider, opened, step));
    return [];
  } catch (error) {
    if (error instanceof Fault) return [error.message];
    throw error;
  }
}

async function trySafe(
  provider: Provider,
  opened: OpenManifest,
  { id }: Step,
  collecting: Collecting = {},
): Promise<void> {
  const { executor = ZeroAddress } = collecting;
  const consents = await collectFor(provider, opened, id, collecting);
  await requireExecutable(provider, opened.safeTransaction(id), consents, executor, explainRevert);
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
  try {
    await provider.call({ from: account, to, data, value, gasLimit });
  } catch (cause) {
    const revert = revertDataOf(cause);
    if (revert === undefined) throw cause;
    throw new Fault(`It would revert: ${explainRevert(revert) ?? revert}.`, { cause });
  }
}

/**
 * That a key's transaction, sent now, would lie there until gas is cheaper. It is no reason not to send it: fees fall again,
 * and its key, if that is at hand, raises them.
 */
export async function findDelay(
  provider: Provider,
  opened: OpenManifest,
  { id }: Step,
): Promise<string | undefined> {
  if (opened.accountOf(id).kind === "safe") return undefined;
  const raw = await readRaw(opened, id);
  if (raw === undefined) return undefined;
  const { maxFeePerGas } = Transaction.from(raw);
  const { baseFeePerGas } = (await provider.getBlock("latest"))!;
  if (baseFeePerGas === null || maxFeePerGas! >= baseFeePerGas) return undefined;
  return (
    `It would wait: it pays up to ${maxFeePerGas} wei for gas, and blocks ask ${baseFeePerGas} now. Whoever has its key ` +
    "can have it replaced by one that pays more."
  );
}
