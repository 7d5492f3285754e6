import { hexToBytes, keccak256, type Hex } from "viem";

/** The part of a log that a block's bloom filter covers. */
export interface BloomedLog {
  address: Hex;
  topics: readonly Hex[];
}

const BITS = 2048n;

/** The bits of a block's bloom filter (yellow paper, 4.3.1) that logs set, as one number. */
export function bloomOf(logs: readonly BloomedLog[]): bigint {
  const values = new Set(logs.flatMap(({ address, topics }) => [address, ...topics]));
  let bloom = 0n;
  for (const value of values) bloom |= bitsOf(value);
  return bloom;
}

/** Three bits, each told by two bytes of the hash. */
function bitsOf(value: Hex): bigint {
  const hash = keccak256(hexToBytes(value), "bytes");
  let bits = 0n;
  for (const i of [0, 2, 4]) bits |= 1n << (BigInt((hash[i]! << 8) | hash[i + 1]!) % BITS);
  return bits;
}
