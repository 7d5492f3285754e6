import { getAddress } from "ethers";

import type { UnsignedTransaction } from "../signer.js";
import type { TypedHashes, TypedDataPayload } from "../typed-data.js";

/** Lines, from the first to the last. Where a line is longer than the screen, the device wraps or pages it. */
export type Screen = string[];

/** One family of devices that show the same, and how that is known. */
export interface Device {
  readonly name: string;
  /** The vendor's source that the screens were taken from. */
  readonly source: string;
  /** What to know before reading the screens. */
  readonly note: string;
  /** @param signer Its address in checksum, or words where it is not known yet. */
  readonly typedMessage: (message: TypedDataPayload, hashes: TypedHashes, signer: string) => Screen[];
  readonly transaction: (transaction: UnsignedTransaction, signer: string) => Screen[];
}

export const hex = (digits: string) => digits.slice(2);

export const dataBytes = ({ data }: UnsignedTransaction) => hex(data).length / 2;

export const maximumFee = ({ gasLimit, maxFeePerGas }: UnsignedTransaction) => gasLimit * maxFeePerGas;

/** Cuts into pieces of `width` characters; nothing gives no piece. */
export function pieces(text: string, width: number): string[] {
  return Array.from({ length: Math.ceil(text.length / width) }, (_, index) =>
    text.slice(index * width, (index + 1) * width),
  );
}

/** `1234500000000000000000n` of 18 decimals as `1,234.5`. */
export function decimal(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = BigInt(digits.slice(0, digits.length - decimals)).toLocaleString("en-US");
  const fraction = decimals === 0 ? "" : digits.slice(-decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** A value of typed data as devices write it: numbers in decimal, addresses in checksum, bytes as they are. */
export function words(value: unknown, type: string): string {
  if (type === "address") return getAddress(String(value));
  return /^u?int/.test(type) ? BigInt(String(value)).toString() : String(value);
}
