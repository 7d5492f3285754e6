import { Transaction } from "ethers";

import type { UnsignedTransaction } from "./signer.js";

/** The transaction as ethers knows it, without a signature. */
export function toSign(transaction: UnsignedTransaction): Transaction {
  const { to, data, value, chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  return Transaction.from({
    type: 2,
    accessList: [],
    ...{ to, data, value, chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas },
  });
}

const FIELDS = [
  "type",
  "chainId",
  "nonce",
  "to",
  "value",
  "data",
  "gasLimit",
  "maxFeePerGas",
  "maxPriorityFeePerGas",
] as const;

/** What was changed, a line for each field: nothing if `found` is what was asked for, to the byte. */
export function changes(asked: UnsignedTransaction, found: Transaction): string[] {
  const expected = toSign(asked);
  if (found.unsignedHash === expected.unsignedHash) return [];
  const changed = FIELDS.filter((field) => found[field] !== expected[field]);
  if (changed.length === 0) return ["accessList: it was to be empty"];
  return changed.map((field) => `${field}: asked ${String(expected[field])}, found ${String(found[field])}`);
}
