import { ZeroAddress, type TypedDataField } from "ethers";

import type { TypedMessage } from "../signers/signer.js";
import { typedHashes } from "../signers/typed-data.js";
import type { SafeTransaction } from "./transaction.js";
import type { SafeVersion } from "./versions.js";

export { typedHashes };

const SAFE_TX: readonly TypedDataField[] = [
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "data", type: "bytes" },
  { name: "operation", type: "uint8" },
  { name: "safeTxGas", type: "uint256" },
  { name: "baseGas", type: "uint256" },
  { name: "gasPrice", type: "uint256" },
  { name: "gasToken", type: "address" },
  { name: "refundReceiver", type: "address" },
  { name: "nonce", type: "uint256" },
];

/** The fields of a `SafeTx` that are always the same for us: a plain call, and no gas refund. */
export const PLAIN_CALL = {
  operation: 0,
  safeTxGas: 0,
  baseGas: 0,
  gasPrice: 0,
  gasToken: ZeroAddress,
  refundReceiver: ZeroAddress,
} as const;

/** What an owner of the Safe signs for a transaction. */
export const safeTypedMessage = ({
  chainId,
  safe,
  to,
  value,
  data,
  nonce,
}: SafeTransaction): TypedMessage => ({
  domain: { chainId, verifyingContract: safe },
  types: { SafeTx: SAFE_TX },
  primaryType: "SafeTx",
  message: { to, value, data, ...PLAIN_CALL, nonce },
});

/**
 * What the owners of `owner` sign, when that is a Safe too and an owner of the Safe that asks (EIP-1271).
 *
 * @param asked What the owners of the asking Safe sign: a `SafeTx`, or another such message one level up.
 * @param askedBy The version of the asking Safe, which decides what it asks about: the hash since 1.5.0, and before that
 * the bytes that were hashed. The version of `owner` does not matter.
 */
export function nestedTypedMessage(asked: TypedMessage, askedBy: SafeVersion, owner: string): TypedMessage {
  const { preimage, digest } = typedHashes(asked);
  return {
    domain: { chainId: asked.domain.chainId, verifyingContract: owner },
    types: { SafeMessage: [{ name: "message", type: "bytes" }] },
    primaryType: "SafeMessage",
    message: { message: asksForHash(askedBy) ? digest : preimage },
  };
}

/** Whether a Safe of this version asks a contract that is its owner `isValidSignature(bytes32,bytes)`. */
export const asksForHash = (version: SafeVersion) => version === "1.5.0";

/** The hashes of a transaction, each 32 bytes: what a Safe's owners compare on their screens. */
export interface SafeHashes {
  readonly domainSeparator: string;
  readonly messageHash: string;
  readonly safeTxHash: string;
}

export function safeHashes(transaction: SafeTransaction): SafeHashes {
  const { domainSeparator, messageHash, digest } = typedHashes(safeTypedMessage(transaction));
  return { domainSeparator, messageHash, safeTxHash: digest };
}
