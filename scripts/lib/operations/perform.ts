import { getAddress, toBeHex, toQuantity } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { execTransactionData, requireExecutionSuccess } from "../safe/execute.js";
import { safeHashes } from "../safe/hash.js";
import { SAFE } from "../safe/abi.js";
import type { OwnerSignature } from "../safe/signatures.js";
import type { Account } from "./accounts.js";
import type { Fork, Mined, Transaction } from "./fork.js";
import { reasonOf } from "./reverts.js";

/** Sends a Safe's transactions on a fork; anybody may. */
const RELAYER = getAddress("0x00000000000000000000000000000000000a11ce");

/** One transaction of an account, at its place in the account's sequence. */
export interface Move {
  readonly account: Account;
  readonly nonce: number;
  readonly transaction: Transaction;
}

/** What was signed for a move: a key's whole transaction, or what a Safe's owners handed in, and who sends that. */
export type Signed =
  { readonly raw: string } | { readonly signatures: readonly OwnerSignature[]; readonly sender?: string };

/**
 * Makes a move on a fork, at `time` if that is named.
 *
 * @param signed What is executed byte for byte. Without it the account acts as if it had signed; a Safe's owners then
 * approve the very same hash on the fork first.
 * @throws {@link Fault} with the contracts' own reason if it fails.
 */
export async function perform(fork: Fork, move: Move, signed?: Signed, time?: number): Promise<Mined> {
  const mined = await (move.account.kind === "safe"
    ? performAsSafe(fork, move, signed, time)
    : performAsKey(fork, move, signed, time));
  if (mined.receipt.status !== 1) {
    throw new Fault(`${move.account.address} could not do it: ${await reasonOf(fork, mined)}.`);
  }
  if (move.account.kind === "safe") requireExecutionSuccess(mined.receipt, safeTransactionOf(fork, move));
  return mined;
}

/** Lets nonces of an account be used up, as other transactions in between would. */
export async function skipTo(fork: Fork, { address, kind }: Account, nonce: number): Promise<void> {
  if (kind === "key") return void (await fork.provider.send("anvil_setNonce", [address, toQuantity(nonce)]));
  const slot = toBeHex(SAFE_NONCE_SLOT, 32);
  await fork.provider.send("anvil_setStorageAt", [address, slot, toBeHex(nonce, 32)]);
}

const SAFE_NONCE_SLOT = 5;

export const safeTransactionOf = (
  { chainId }: { chainId: number },
  { account, nonce, transaction }: Move,
) => ({
  safe: account.address,
  chainId,
  ...transaction,
  nonce,
});

async function performAsKey(
  fork: Fork,
  { account, nonce, transaction }: Move,
  signed?: Signed,
  time?: number,
) {
  if (signed !== undefined && "raw" in signed) return await fork.sendRaw(signed.raw, time);
  const next = await fork.provider.getTransactionCount(account.address);
  if (next !== nonce)
    throw new Fault(`${account.address} is at nonce ${next}, and this is planned for ${nonce}.`);
  return await fork.send(account.address, transaction, time);
}

async function performAsSafe(fork: Fork, move: Move, signed?: Signed, time?: number): Promise<Mined> {
  const transaction = safeTransactionOf(fork, move);
  const { signatures, sender = RELAYER } =
    signed !== undefined && "signatures" in signed ? signed : { signatures: await approve(fork, move) };
  const data = execTransactionData(transaction, signatures);
  return await fork.send(sender, { to: move.account.address, value: 0n, data }, time);
}

/** As many owners as the Safe needs say on the fork's chain that they agree. */
async function approve(fork: Fork, move: Move): Promise<OwnerSignature[]> {
  if (move.account.kind !== "safe") return [];
  const { owners, threshold, address } = move.account.tree.state;
  const { safeTxHash } = safeHashes(safeTransactionOf(fork, move));
  const data = SAFE.encodeFunctionData("approveHash", [safeTxHash]);
  const approvals: OwnerSignature[] = [];
  for (const owner of owners.slice(0, threshold)) {
    await fork.send(owner, { to: address, value: 0n, data });
    approvals.push({ kind: "approved", owner });
  }
  return approvals;
}
