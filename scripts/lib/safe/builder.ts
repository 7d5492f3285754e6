import { id } from "ethers";

import { safeHashes } from "./hash.js";
import type { SafeTransaction } from "./transaction.js";

/** A file that the Transaction Builder of the Safe app imports. */
export interface TransactionBuilderBatch {
  readonly version: "1.0";
  readonly chainId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly meta: {
    readonly name: string;
    readonly description: string;
    readonly txBuilderVersion: string;
    readonly createdFromSafeAddress: string;
    readonly createdFromOwnerAddress: string;
    readonly checksum: string;
  };
  readonly transactions: readonly {
    readonly to: string;
    /** Wei. */
    readonly value: string;
    readonly data: string;
    readonly contractMethod: null;
    readonly contractInputsValues: null;
  }[];
}

/** The release of the Transaction Builder whose format this is. */
const TX_BUILDER_VERSION = "1.18.2";

/**
 * A transaction as a batch of one. More than one the app would pack into a delegatecall of MultiSend, which is not what
 * the manifest says. The format has no room for the nonce and the app picks its own, so the description names both the
 * nonce to set and the hash that must then appear.
 *
 * @param createdAt Milliseconds since 1970.
 */
export function transactionBuilderBatch(
  transaction: SafeTransaction,
  { name, description, createdAt }: { name: string; description: string; createdAt: number },
): TransactionBuilderBatch {
  const { chainId, safe, to, value, data, nonce } = transaction;
  const { safeTxHash } = safeHashes(transaction);
  const batch = {
    version: "1.0",
    chainId: chainId.toString(),
    createdAt,
    meta: {
      name,
      description: `${description} Set the nonce to ${nonce}; the safeTxHash must then be ${safeTxHash}.`,
      txBuilderVersion: TX_BUILDER_VERSION,
      createdFromSafeAddress: safe,
      createdFromOwnerAddress: "",
      checksum: "",
    },
    transactions: [{ to, value: value.toString(), data, contractMethod: null, contractInputsValues: null }],
  } as const;
  return { ...batch, meta: { ...batch.meta, checksum: batchChecksum(batch) } };
}

/** The checksum that the Transaction Builder expects: of everything but the name, which people may change. */
export function batchChecksum(batch: Pick<TransactionBuilderBatch, "meta">): string {
  const meta: Record<string, unknown> = { ...batch.meta, name: null };
  delete meta.checksum;
  return id(serialized({ ...batch, meta }));
}

/** JSON with sorted keys, in the Transaction Builder's own spelling: an object is its keys, then its values. */
function serialized(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(serialized).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const keys = JSON.stringify(sorted.map(([key]) => key));
  return `{${keys}${sorted.map(([, inner]) => `${serialized(inner)},`).join("")}}`;
}
