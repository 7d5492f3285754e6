import { TypedDataEncoder, keccak256, type TypedDataField } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { TypedMessage } from "./signer.js";

type Types = Record<string, TypedDataField[]>;

/** An EIP-712 message as `eth_signTypedData_v4` takes it: with the type of its domain, and values that are plain JSON. */
export interface TypedDataPayload {
  readonly types: Types & { EIP712Domain: TypedDataField[] };
  readonly primaryType: string;
  readonly domain: Record<string, string | number>;
  readonly message: Record<string, unknown>;
}

/** The hashes of an EIP-712 message, each 32 bytes; the first two are what a device without a large screen shows. */
export interface TypedHashes {
  readonly domainSeparator: string;
  readonly messageHash: string;
  /** The 66 bytes that are hashed: `0x1901`, domain separator, message hash. */
  readonly preimage: string;
  /** What is signed. */
  readonly digest: string;
}

/** @throws {@link Fault} if the types are not those of the primary type. */
export function typedDataPayload(message: TypedMessage): TypedDataPayload {
  requirePrimaryType(message);
  return TypedDataEncoder.getPayload(
    message.domain,
    message.types as Types,
    message.message,
  ) as TypedDataPayload;
}

/** @throws {@link Fault} if the types are not those of the primary type. */
export function typedHashes(message: TypedMessage): TypedHashes {
  requirePrimaryType(message);
  const types = message.types as Types;
  const preimage = TypedDataEncoder.encode(message.domain, types, message.message);
  return {
    domainSeparator: TypedDataEncoder.hashDomain(message.domain),
    messageHash: TypedDataEncoder.hashStruct(message.primaryType, types, message.message),
    preimage,
    digest: keccak256(preimage),
  };
}

/** ethers takes for the primary type the one that no other uses, whatever the message says. */
function requirePrimaryType({ types, primaryType }: TypedMessage): void {
  const found = TypedDataEncoder.getPrimaryType(types as Types);
  if (found !== primaryType) {
    throw new Fault(`The message says that it is a ${primaryType}, but its types make it a ${found}.`);
  }
}
