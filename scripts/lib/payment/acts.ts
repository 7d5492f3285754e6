import type { Escrow } from "../../../types/ethers-contracts/index.js";
import type { Payment } from "../signing.js";

/** How an arbiter divides what a payment holds. */
export interface Ruling {
  /** The fee included. In the token's smallest unit, as the buyer's. */
  readonly sellerAmount: bigint;
  readonly buyerAmount: bigint;
  /** keccak256 of the written ruling. */
  readonly rulingHash: string;
}

/** What an act is called with. */
export interface Wanted {
  readonly paymentId: string;
  readonly terms: Payment;
  /** In the token's smallest unit. */
  readonly amount: bigint;
  readonly reason: string;
  /** Of those acts that take one. */
  readonly ruling?: Ruling;
}

interface PaymentAct {
  readonly description: string;
  /** Position in Solidity's `EscrowAction`: what the lens is asked about. */
  readonly action: number;
  /** Which of these it takes. */
  readonly takes: readonly ("amount" | "reason" | "ruling")[];
  /** The calldata. */
  readonly encode: (abi: Escrow["interface"], wanted: Wanted) => string;
}

/** What people on duty do with one payment. Who may, the contract decides; a payout of an operator's above a threshold takes two. */
export const ACTS = {
  claim: {
    description:
      "Sends what a payment holds where its terms say, after the deadline or a silent arbiter (anybody)",
    action: 3,
    takes: [],
    encode: (abi, { terms }) => abi.encodeFunctionData("claim", [terms]),
  },
  release: {
    description: "Pays the seller (the buyer, or an operator; above the token's threshold after an approval)",
    action: 1,
    takes: ["amount"],
    encode: (abi, { terms, amount }) => abi.encodeFunctionData("release", [terms, amount]),
  },
  refund: {
    description:
      "Pays the buyer back (the seller, or an operator; above the token's threshold after an approval)",
    action: 2,
    takes: ["amount"],
    encode: (abi, { terms, amount }) => abi.encodeFunctionData("refund", [terms, amount]),
  },
  "approve-release": {
    description: "Consents to an operator's release of exactly this amount, as the second person (APPROVER)",
    action: 8,
    takes: ["amount"],
    encode: (abi, { terms, amount }) => abi.encodeFunctionData("approvePayout", [terms, 0, amount]),
  },
  "approve-refund": {
    description: "Consents to an operator's refund of exactly this amount, as the second person (APPROVER)",
    action: 9,
    takes: ["amount"],
    encode: (abi, { terms, amount }) => abi.encodeFunctionData("approvePayout", [terms, 1, amount]),
  },
  resolve: {
    description:
      "Rules on a dispute: divides all that the payment holds (the arbiter of the terms; if they name none, ARBITER)",
    action: 7,
    takes: ["ruling"],
    encode: (abi, { terms, ruling }) => {
      const { sellerAmount, buyerAmount, rulingHash } = ruling!;
      return abi.encodeFunctionData("resolve", [terms, sellerAmount, buyerAmount, rulingHash]);
    },
  },
  hold: {
    description: "Freezes a payment: it pays nobody until the hold is lifted (COMPLIANCE)",
    action: 10,
    takes: ["reason"],
    encode: (abi, { paymentId, reason }) => abi.encodeFunctionData("hold", [paymentId, reason]),
  },
  unhold: {
    description: "Lifts the hold on a payment (COMPLIANCE)",
    action: 11,
    takes: ["reason"],
    encode: (abi, { paymentId, reason }) => abi.encodeFunctionData("unhold", [paymentId, reason]),
  },
} as const satisfies Record<string, PaymentAct>;

export type ActName = keyof typeof ACTS;
