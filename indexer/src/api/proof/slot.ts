import { encodeAbiParameters, hashTypedData, keccak256, parseAbiParameters, toHex, type Hex } from "viem";

import { named, paymentStatuses } from "../../model/enums.js";

/** Where the escrow keeps its payments (ERC-7201). A test compares it with `deploy/layouts/Escrow.json`. */
export const PAYMENTS_ROOT = erc7201("holdfast.storage.Escrow");

const FLAG_ON_HOLD = 1;
/** Position in the Solidity enum. */
const DEADLINE_ACTIONS = { Refund: 0, Release: 1 } as const;

/** The slot of one payment: `payments` is the first and only member of its namespace. */
export const slotOf = (paymentId: Hex): Hex =>
  keccak256(encodeAbiParameters(parseAbiParameters("bytes32, bytes32"), [paymentId, PAYMENTS_ROOT]));

/** What of a payment's row is checked. */
export interface CheckedRow extends StoredState {
  chainId: number;
  escrow: Hex;
  buyer: Hex;
  seller: Hex;
  token: Hex;
  amount: bigint;
  deadline: bigint;
  onDeadline: keyof typeof DEADLINE_ACTIONS;
  arbiter: Hex;
  disputeWindow: bigint;
  feeBps: number;
  feeRecipient: Hex;
  paymentReference: Hex;
}

/** What a payment's slot says: the whole state that the escrow stores of it. */
export interface StoredState {
  /** `None` if there is no such payment. */
  status: (typeof paymentStatuses)[number];
  onHold: boolean;
  held: bigint;
  released: bigint;
}

/** Reads a slot's 32 bytes: from the low end, a byte of status, one of flags, four of time, 13 and 13 of amounts. */
export function readSlot(value: Hex): StoredState {
  const word = BigInt(value);
  const bytes = (offset: bigint, count: bigint) => (word >> (8n * offset)) & ((1n << (8n * count)) - 1n);
  return {
    status: named(paymentStatuses, Number(bytes(0n, 1n))),
    onHold: (Number(bytes(1n, 1n)) & FLAG_ON_HOLD) !== 0,
    held: bytes(6n, 13n),
    released: bytes(19n, 13n),
  };
}

/** Whether a row tells the same as its slot. */
export const agrees = (row: CheckedRow, state: StoredState): boolean =>
  row.status === state.status &&
  row.onHold === state.onHold &&
  row.held === state.held &&
  row.released === state.released;

/** What a row's terms hash to under its escrow's EIP-712 domain: the payment's id, if the row is right. */
export function hashTerms(row: CheckedRow): Hex {
  const { chainId, escrow, onDeadline, ...terms } = row;
  return hashTypedData({
    domain: { name: "Holdfast Escrow", version: "1", chainId, verifyingContract: escrow },
    types: { Payment: TERMS },
    primaryType: "Payment",
    message: {
      ...terms,
      onDeadline: DEADLINE_ACTIONS[onDeadline],
      disputeWindow: Number(terms.disputeWindow),
    },
  });
}

const TERMS = [
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
] as const;

function erc7201(namespace: string): Hex {
  const number = BigInt(keccak256(toHex(namespace))) - 1n;
  return toHex(BigInt(keccak256(toHex(number, { size: 32 }))) & ~0xffn, { size: 32 });
}
