import { TypedDataEncoder, ZeroAddress, zeroPadValue, toBeHex } from "ethers";

/** The terms of a payment as Solidity has them. */
export interface Terms {
  buyer: string;
  seller: string;
  token: string;
  amount: bigint;
  deadline: bigint;
  onDeadline: number;
  arbiter: string;
  disputeWindow: bigint;
  feeBps: number;
  feeRecipient: string;
  paymentReference: string;
}

const types = {
  Payment: [
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "deadline", type: "uint64" },
    { name: "onDeadline", type: "uint8" },
    { name: "arbiter", type: "address" },
    { name: "disputeWindow", type: "uint32" },
    { name: "feeBps", type: "uint16" },
    { name: "feeRecipient", type: "address" },
    { name: "paymentReference", type: "bytes32" },
  ],
};

/** The paymentId of terms under an escrow's EIP-712 domain, worked out by ethers and not by the contract. */
export function hashTerms(terms: Terms, chainId: number, escrow: string): string {
  const domain = { name: "Holdfast Escrow", version: "1", chainId, verifyingContract: escrow };
  return TypedDataEncoder.hash(domain, types, terms);
}

/** Address number `n` of a test's cast. */
export const person = (n: number) => zeroPadValue(toBeHex(0xa0000 + n), 20);

/** The n-th payment between the usual parties, without a fee; `change` says what is different about it. */
export function termsOf(n: number, change: Partial<Terms> = {}): Terms {
  return {
    buyer: person(1),
    seller: person(2),
    token: person(100),
    amount: 1000n,
    deadline: 2_000_000_000n + BigInt(n),
    onDeadline: 0,
    arbiter: ZeroAddress,
    disputeWindow: 86_400n,
    feeBps: 0,
    feeRecipient: ZeroAddress,
    paymentReference: toBeHex(n, 32),
    ...change,
  };
}
