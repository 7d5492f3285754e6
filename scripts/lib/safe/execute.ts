import { dataSlice, id, type Log, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { ask, SAFE } from "./abi.js";
import type { Collected } from "./collect.js";
import { explainSafeError, revertDataOf } from "./errors.js";
import { PLAIN_CALL, safeHashes, safeTypedMessage } from "./hash.js";
import { hindrances } from "./hindrances.js";
import { encodeSignatures, requireAccepted, type OwnerSignature } from "./signatures.js";
import { readSafe } from "./state.js";
import type { SafeTransaction } from "./transaction.js";

/** The call of the Safe that carries out a transaction. Anybody may send it; it has no value. */
export const execTransactionData = (
  { to, value, data }: SafeTransaction,
  signatures: readonly OwnerSignature[],
): string =>
  SAFE.encodeFunctionData("execTransaction", [
    to,
    value,
    data,
    ...Object.values(PLAIN_CALL),
    encodeSignatures(signatures),
  ]);

/**
 * Makes sure, before anything is sent, that a transaction would go through: the Safe's nonce, owners and threshold as of
 * now, its own hash of the transaction, its own check of the signatures, and the whole call tried out.
 *
 * @param executor Who will send it.
 * @param explain Puts a called contract's revert data in words, if it can.
 * @throws {@link Fault} that says all that is in the way.
 */
export async function requireExecutable(
  provider: Provider,
  transaction: SafeTransaction,
  collected: Collected,
  executor: string,
  explain: (revertData: string) => string | undefined = () => undefined,
): Promise<void> {
  const { signatures } = collected;
  const safe = await readSafe(provider, transaction.safe);
  const { safeTxHash } = safeHashes(transaction);
  const details = hindrances(transaction, safe, collected);
  if (details.length > 0)
    throw new Fault(`The transaction ${safeTxHash} cannot be executed now.`, { details });

  const { to, value, data, nonce } = transaction;
  const values = [to, value, data, ...Object.values(PLAIN_CALL), nonce];
  const theirs = await ask<string>(provider, safe.address, "getTransactionHash", values);
  if (theirs !== safeTxHash) {
    throw new Fault(`The Safe ${safe.address} hashes the transaction to ${theirs}, and we to ${safeTxHash}.`);
  }
  await requireAccepted(provider, safe, safeTypedMessage(transaction), signatures, { executor });
  await requireCallSucceeds(provider, transaction, signatures, executor, explain);
}

async function requireCallSucceeds(
  provider: Provider,
  { safe, to, value, data, ...rest }: SafeTransaction,
  signatures: readonly OwnerSignature[],
  executor: string,
  explain: (revertData: string) => string | undefined,
): Promise<void> {
  const attempt = async (from: string, to: string, value: bigint, data: string) => {
    try {
      await provider.call({ from, to, value, data });
      return undefined;
    } catch (error) {
      if (revertDataOf(error) === undefined) throw error;
      return error;
    }
  };
  const failure = await attempt(
    executor,
    safe,
    0n,
    execTransactionData({ safe, to, value, data, ...rest }, signatures),
  );
  if (failure === undefined) return;
  // Up to 1.4.1 a Safe hides why the call failed; the call itself tells.
  const cause = (await attempt(safe, to, value, data)) ?? failure;
  const revertData = revertDataOf(cause)!;
  throw new Fault(`The Safe's call of ${to} would revert; nothing was sent.`, {
    details: [
      explain(revertData) ?? explainSafeError(cause) ?? `revert data: ${revertData}`,
      `call data: ${data}`,
    ],
    cause,
  });
}

const SUCCESS = id("ExecutionSuccess(bytes32,uint256)");
const FAILURE = id("ExecutionFailure(bytes32,uint256)");

/**
 * Makes sure that this transaction, and no other, was carried out: the Safe's own event with its hash. That the chain
 * took the bytes says little; a transaction can succeed and carry out another one of the Safe, or none.
 *
 * @throws {@link Fault} that says what happened instead.
 */
export function requireExecutionSuccess(
  receipt: { readonly hash: string; readonly status: number | null; readonly logs: readonly Log[] },
  transaction: SafeTransaction,
): void {
  const { safe, to, nonce } = transaction;
  const { safeTxHash } = safeHashes(transaction);
  const said = (event: string) =>
    receipt.logs.some((log) => log.address === safe && log.topics[0] === event && hashIn(log) === safeTxHash);
  if (said(SUCCESS)) return;
  if (said(FAILURE)) {
    throw new Fault(
      `The Safe took the signatures but its call of ${to} failed, and the nonce ${nonce} is used up ` +
        `(ExecutionFailure in ${receipt.hash}). Nothing else changed: find out why, then plan again.`,
    );
  }
  throw new Fault(
    receipt.status === 0
      ? `The transaction ${receipt.hash} reverted; the Safe did nothing and its nonce is as before.`
      : `The transaction ${receipt.hash} did not execute ${safeTxHash} on the Safe ${safe}: there is no event that ` +
          "says so. Look up which transaction took the nonce.",
  );
}

/** The transaction's hash in either event: indexed since 1.4.1, in the data before. */
const hashIn = ({ topics, data }: Log) => topics[1] ?? dataSlice(data, 0, 32);
