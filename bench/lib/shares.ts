import { AbiCoder, keccak256, toBeHex } from "ethers";

import type { GasTrace, Spending } from "./trace.js";

/** One part's share of a transaction's gas; `cold` is what of it first accesses of slots and accounts cost. */
export interface Share {
  readonly part: string;
  readonly gas: number;
  readonly cold: number;
}

/** Who is who in a traced transaction. */
export interface Cast {
  readonly escrow: string;
  readonly implementation: string;
  readonly token: string;
  readonly paymentId: string;
  readonly accounts: readonly string[];
}

/** Splits a traced transaction into the parts that somebody could remove or make cheaper. They sum to its gas. */
export function sharesOf({ intrinsic, spendings, refund }: GasTrace, cast: Cast): Share[] {
  const partOfSlot = slotsOf(cast);
  const partOf = ({ op, code, slot }: Spending): string => {
    if (code === cast.escrow) return "proxy";
    if (code === cast.token) return "token";
    if (code !== cast.implementation) return "other contracts";
    if (slot !== undefined) return partOfSlot.get(slot) ?? "other storage";
    if (op.startsWith("LOG")) return "event";
    if (op.endsWith("CALL")) return "token";
    return "logic and memory";
  };

  const shares = new Map<string, Share>([
    ["transaction and calldata", { part: "transaction and calldata", gas: intrinsic, cold: 0 }],
  ]);
  for (const spending of spendings) {
    const part = partOf(spending);
    const { gas, cold } = shares.get(part) ?? { gas: 0, cold: 0 };
    shares.set(part, { part, gas: gas + spending.gas, cold: cold + spending.cold });
  }
  if (refund > 0) shares.set("refund", { part: "refund", gas: -refund, cold: 0 });
  return [...shares.values()].sort((one, other) => other.gas - one.gas);
}

/** The escrow's slots that a payment touches, by what they are for. */
function slotsOf({ paymentId, token, accounts }: Cast): Map<string, string> {
  const controls = namespace("Controls");
  const records = offset(controls, 2n);
  return new Map([
    [controls, "pauses and policy"],
    ...accounts.map((account): [string, string] => [
      entry(records, "address", account),
      "compliance records",
    ]),
    [entry(namespace("Escrow"), "bytes32", paymentId), "payment's slot"],
    [entry(namespace("TokenVault"), "address", token), "token's totals"],
  ]);
}

const encode = (types: string[], values: unknown[]) => AbiCoder.defaultAbiCoder().encode(types, values);
const offset = (slot: string, by: bigint) => toBeHex(BigInt(slot) + by, 32);

/** First slot of an ERC-7201 namespace. */
function namespace(name: string): string {
  const id = keccak256(new TextEncoder().encode(`holdfast.storage.${name}`));
  return toBeHex(BigInt(keccak256(encode(["uint256"], [BigInt(id) - 1n]))) & ~0xffn, 32);
}

const entry = (mapping: string, type: string, key: string) =>
  keccak256(encode([type, "bytes32"], [key, mapping]));
