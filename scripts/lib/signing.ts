import {
  Signature,
  TypedDataEncoder,
  type AddressLike,
  type BigNumberish,
  type Signer,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";

/** The terms of a payment as the contracts take them; the same names as the Solidity struct. */
export interface Payment {
  buyer: string;
  seller: string;
  token: string;
  amount: bigint;
  deadline: bigint;
  /** Position in the Solidity enum: 0 refund, 1 release. */
  onDeadline: bigint;
  arbiter: string;
  disputeWindow: bigint;
  feeBps: bigint;
  feeRecipient: string;
  paymentReference: string;
}

export type Types = Readonly<Record<string, readonly TypedDataField[]>>;

/** `"address from,uint256 value"` as the fields that ethers wants. */
const fields = (signature: string): TypedDataField[] =>
  signature.split(",").map((field) => {
    const [type, name] = field.split(" ") as [string, string];
    return { type, name };
  });

const PAYMENT_FIELDS = fields(
  "address buyer,address seller,address token,uint256 amount,uint64 deadline,uint8 onDeadline,address arbiter," +
    "uint32 disputeWindow,uint16 feeBps,address feeRecipient,bytes32 paymentReference",
);

/** Under the escrow's domain: the `paymentId`. */
export const PAYMENT: Types = { Payment: PAYMENT_FIELDS };
/** Under the escrow's domain: what both parties sign to end a payment. */
export const SETTLEMENT: Types = {
  Settlement: fields("bytes32 paymentId,uint256 sellerAmount,uint256 buyerAmount,uint256 validUntil"),
};
/** Under the registry's domain: what an attester signs. */
export const ATTESTATION: Types = {
  Attestation: fields(
    "address account,uint8 riskScore,uint8 tier,uint16 jurisdiction,uint64 expiry,bytes32 attestationHash," +
      "uint64 revision,uint64 validUntil",
  ),
};
/** Under a token's domain (EIP-2612). */
export const PERMIT: Types = {
  Permit: fields("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"),
};
/** Under a token's domain (ERC-3009). */
export const RECEIVE_WITH_AUTHORIZATION: Types = {
  ReceiveWithAuthorization: fields(
    "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce",
  ),
};
/** Under Permit2's domain; the witness is the payment itself, so the wallet shows every term. */
export const PERMIT2_WITNESS: Types = {
  PermitWitnessTransferFrom: fields(
    "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Payment witness",
  ),
  Payment: PAYMENT_FIELDS,
  TokenPermissions: fields("address token,uint256 amount"),
};

/** A contract that tells its EIP-712 domain (EIP-5267). */
interface HasDomain {
  eip712Domain(): Promise<{ name: string; version: string; chainId: bigint; verifyingContract: string }>;
}

/** The EIP-712 domain under which a contract checks signatures, asked of the contract. */
export async function domainOf(contract: HasDomain): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await contract.eip712Domain();
  return { name, version, chainId, verifyingContract };
}

/** The `paymentId` of terms: their EIP-712 digest under the escrow's domain. */
export function paymentIdOf(domain: TypedDataDomain, payment: Payment): string {
  return digestOf(domain, PAYMENT, payment);
}

/** The EIP-712 digest of typed data: what a key signs, and what a contract is asked about (ERC-1271). */
export function digestOf(domain: TypedDataDomain, types: Types, value: object): string {
  return TypedDataEncoder.hash(domain, mutable(types), value as Record<string, unknown>);
}

/** Signs typed data and gives the signature in its parts. */
export async function sign(
  signer: Signer,
  domain: TypedDataDomain,
  types: Types,
  value: Record<string, AddressLike | BigNumberish | object>,
): Promise<Signature> {
  return Signature.from(await signer.signTypedData(domain, mutable(types), value));
}

const mutable = (types: Types) => types as Record<string, TypedDataField[]>;
