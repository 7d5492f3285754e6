import {
  concat,
  dataLength,
  dataSlice,
  getAddress,
  getBytes,
  hashMessage,
  recoverAddress,
  toBeHex,
  ZeroAddress,
  zeroPadValue,
  type Provider,
} from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { TypedMessage } from "../signers/signer.js";
import { SAFE } from "./abi.js";
import { explainSafeError, revertDataOf } from "./errors.js";
import { typedHashes } from "./hash.js";
import type { SafeState } from "./state.js";

/**
 * One owner's consent, as a Safe takes it:
 * - `ecdsa`: 65 bytes by the owner's key, over the digest, or (`v` 31 and 32) over the digest as a personal message;
 * - `contract`: what the owner, a contract, accepts in `isValidSignature`; if it is a Safe, its own owners' signatures;
 * - `approved`: the owner called `approveHash` on the Safe, or is the one who sends the transaction.
 */
export type OwnerSignature =
  | { readonly kind: "ecdsa" | "contract"; readonly owner: string; readonly data: string }
  | { readonly kind: "approved"; readonly owner: string };

const LENGTH = 65;
/** `v` of a signature over the digest, and over the digest as a personal message. To a Safe, others mean other things. */
const PLAIN_V = [27, 28];
const PERSONAL_V = [31, 32];

/**
 * The signatures as one string of bytes: sorted by owner, since a Safe refuses any other order, then what contracts are
 * given, which the sorted part points to.
 *
 * @throws {@link Fault} if an owner is there twice.
 */
export function encodeSignatures(signatures: readonly OwnerSignature[]): string {
  const sorted = signatures.toSorted((one, other) => (BigInt(one.owner) < BigInt(other.owner) ? -1 : 1));
  const fixed: string[] = [];
  const pointedTo: string[] = [];
  let end = sorted.length * LENGTH;
  sorted.forEach((signature, i) => {
    const { owner } = signature;
    if (BigInt(owner) === BigInt(sorted[i + 1]?.owner ?? 0n)) {
      throw new Fault(`${owner} signed twice; a Safe counts an owner once: leave one of the signatures out.`);
    }
    switch (signature.kind) {
      case "ecdsa":
        fixed.push(signature.data);
        break;
      case "approved":
        fixed.push(words(owner, 0, 1));
        break;
      case "contract": {
        const length = dataLength(signature.data);
        fixed.push(words(owner, end, 0));
        pointedTo.push(toBeHex(length, 32), signature.data);
        end += 32 + length;
      }
    }
  });
  return concat([...fixed, ...pointedTo]);
}

const words = (owner: string, pointer: number, v: number) =>
  concat([zeroPadValue(owner, 32), toBeHex(pointer, 32), toBeHex(v, 1)]);

/**
 * The first signature in such bytes, as a transaction service hands them out one by one.
 *
 * @throws {@link Fault} if the bytes are no signature.
 */
export function decodeSignature(digest: string, bytes: string): OwnerSignature {
  try {
    const owner = () => getAddress(dataSlice(bytes, 12, 32));
    const v = Number(dataSlice(bytes, 64, LENGTH));
    if (v === 1) return { kind: "approved", owner: owner() };
    if (v === 0) {
      const pointer = Number(dataSlice(bytes, 32, 64));
      const length = Number(dataSlice(bytes, pointer, pointer + 32));
      const data = dataSlice(bytes, pointer + 32, pointer + 32 + length);
      return { kind: "contract", owner: owner(), data };
    }
    const data = dataSlice(bytes, 0, LENGTH);
    return { kind: "ecdsa", owner: recoverSigner(digest, data), data };
  } catch (cause) {
    throw new Fault(`These bytes are no signature of a Safe's owner: ${bytes.slice(0, 140)}`, { cause });
  }
}

/** The owner that consents because its own owners do: a Safe that is the owner of a Safe. */
export const nestedSignature = (owner: string, signatures: readonly OwnerSignature[]): OwnerSignature => ({
  kind: "contract",
  owner,
  data: encodeSignatures(signatures),
});

/**
 * Checks one owner's consent: that it is an owner of the Safe as it stands, and that the signature is by it and over this
 * very message. What only the chain can tell, it is asked.
 *
 * @param message What the owners of `safe` sign: a `SafeTx`, or a `SafeMessage` if `safe` is an owner itself.
 * @throws {@link Fault} that says what is wrong with it.
 */
export async function verifyOwnerSignature(
  provider: Provider,
  safe: SafeState,
  message: TypedMessage,
  signature: OwnerSignature,
): Promise<void> {
  const { owner, kind } = signature;
  if (!safe.owners.includes(owner)) {
    throw new Fault(`${owner} is no owner of the Safe ${safe.address}; its signature does not count.`);
  }
  if (kind === "ecdsa") requireSigner(message, owner, signature.data);
  await requireAccepted(provider, safe, message, [signature], { required: 1 });
}

/** @throws {@link Fault} unless `data` is `signer`'s signature over the message. Asks nobody. */
export function requireSigner(message: TypedMessage, signer: string, data: string): void {
  const { digest } = typedHashes(message);
  let found: string;
  try {
    found = recoverSigner(digest, data);
  } catch (cause) {
    throw new Fault(`The signature of ${signer} is damaged: it is by no key at all. Sign again.`, { cause });
  }
  if (found !== signer) {
    throw new Fault(
      `The signature is not by ${signer} over ${digest}; it was altered, or made by another key or for another ` +
        "transaction, nonce, chain or Safe. Sign again.",
    );
  }
}

/**
 * Asks the Safe itself whether these signatures are enough: the same code that will judge the transaction.
 *
 * @param options.required How many owners must have signed. Default the Safe's threshold.
 * @param options.executor Who will send the transaction, which counts as approving if it is an owner.
 * @throws {@link Fault} that explains the Safe's refusal.
 */
export async function requireAccepted(
  provider: Provider,
  safe: SafeState,
  message: TypedMessage,
  signatures: readonly OwnerSignature[],
  { required = safe.threshold, executor }: { required?: number; executor?: string } = {},
): Promise<void> {
  const { digest, preimage } = typedHashes(message);
  const encoded = encodeSignatures(signatures);
  const data = SAFE.encodeFunctionData("checkNSignatures", [digest, preimage, encoded, required]);
  try {
    // Never a default sender: it could be an owner's, and would count as that owner's approval.
    await provider.call({ to: safe.address, from: executor ?? ZeroAddress, data });
  } catch (cause) {
    if (revertDataOf(cause) === undefined) throw cause;
    const owners = signatures.map(({ owner }) => owner).join(", ");
    const why = explainSafeError(cause) ?? `The Safe ${safe.address} refuses without a reason.`;
    throw new Fault(why, { details: [`signatures of: ${owners}`, `over: ${digest}`], cause });
  }
}

function recoverSigner(digest: string, data: string): string {
  const v = Number(dataSlice(data, LENGTH - 1));
  if (PLAIN_V.includes(v)) return recoverAddress(digest, data);
  if (!PERSONAL_V.includes(v)) throw new Error(`v is ${v}`);
  const plain = concat([dataSlice(data, 0, LENGTH - 1), toBeHex(v - PERSONAL_V[0]! + PLAIN_V[0]!, 1)]);
  return recoverAddress(hashMessage(getBytes(digest)), plain);
}
