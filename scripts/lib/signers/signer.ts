import type { TypedDataDomain, TypedDataField } from "ethers";

import type { Sealed } from "./sealed.js";

/** Where a signature comes from. */
export type SignerKind = "keystore" | "ledger" | "trezor" | "wallet";

/** An EIP-712 message, complete with its types. */
export interface TypedMessage {
  readonly domain: TypedDataDomain;
  readonly types: Readonly<Record<string, readonly TypedDataField[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** An EIP-1559 transaction with nothing left to choose. Wei and gas as integers. */
export interface UnsignedTransaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What came of a transaction: its signed bytes, or the hash of what the wallet has already sent. */
export type Submission = { readonly raw: string } | { readonly sent: string };

/** What a transaction is signed for. */
export interface Purpose {
  /** To be kept, unsent: whoever can only sign and send at once refuses. */
  readonly keep?: boolean;
  /** Awaited before a wallet is asked to sign and send at once: from then on it may be sent, whatever is heard of it. */
  readonly beforeSending?: () => Promise<void>;
}

/**
 * Somebody who can sign, whatever holds the key. Knows nothing of Safes and manifests.
 *
 * Signs only what is {@link Sealed}: what a manifest contains. Each implementation checks that what comes back is by
 * {@link Signer.address}, and throws a {@link Fault} that says what to do when the device is missing, locked, another
 * one, or its owner declines.
 */
export interface Signer {
  readonly kind: SignerKind;
  /** Checksummed (EIP-55). */
  readonly address: string;
  /** @returns 65 bytes, `v` 27 or 28. */
  signTypedData(message: Sealed<TypedMessage>): Promise<string>;
  signTransaction(transaction: Sealed<UnsignedTransaction>, purpose?: Purpose): Promise<Submission>;
  /** Lets go of the device. Safe to call twice. */
  close(): Promise<void>;
}
