import { TypedDataEncoder } from "ethers";
import { encodePacked, keccak256 } from "viem";

import { PAYMENT } from "../signing.js";

/**
 * A function from terms to their `paymentId` under the escrow's domain. The encoder and the domain are worked out once,
 * because there may be hundreds of thousands of payments.
 */
export function termsHasher(chainId: number, escrow: string): (terms: object) => string {
  const domain = { name: "Holdfast Escrow", version: "1", chainId, verifyingContract: escrow };
  const separator = TypedDataEncoder.hashDomain(domain) as `0x${string}`;
  const encoder = TypedDataEncoder.from({ Payment: [...PAYMENT.Payment!] });
  return (terms) =>
    keccak256(
      encodePacked(
        ["bytes2", "bytes32", "bytes32"],
        ["0x1901", separator, encoder.hash(terms) as `0x${string}`],
      ),
    );
}
