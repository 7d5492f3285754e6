import { Signature, Transaction, type HDNodeWallet } from "ethers";

import type { Message } from "./wire.js";

type Content = Message["message"];

/** What the part of a firmware that signs may use of the device it runs on. */
export interface Device {
  /** The key at the path of a request, once the device is unlocked. */
  keyOf(request: Content): Promise<HDNodeWallet>;
  /** Shows a screen until the person has confirmed it. @throws Refused if they did not. */
  show(screen: string[], code?: string): Promise<void>;
  /** Asks the host for more. */
  ask(type: string, content: Content, answer: string): Promise<Content>;
}

/** How a model answers what it understands. */
export interface Firmware {
  readonly features: Content;
  readonly answers: Readonly<Record<string, (device: Device, request: Content) => Promise<Message>>>;
}

/** Ends what the device was doing; the host is told why. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message = "",
  ) {
    super(message);
  }
}

/** Symbols that the firmware knows by itself. The host may bring others, signed by Trezor; ours never does. */
const SYMBOLS: Readonly<Record<string, string>> = { "1": "ETH", "11155111": "tSEP" };
export const symbolOf = ({ chain_id }: Content) => SYMBOLS[String(chain_id)] ?? "UNKN";

export const hexOf = (content: Content, field: string) => (content[field] as string | null) ?? "";
/** A number, as the wire has it: big-endian bytes, and none for zero. */
export const numberOf = (content: Content, field: string) => BigInt(`0x0${hexOf(content, field)}`);

/** The rest of the transaction's data, which the host sends in pieces when it is asked for them. */
export async function* restOfData(device: Device, request: Content): AsyncGenerator<string> {
  let left = Number(request.data_length) - hexOf(request, "data_initial_chunk").length / 2;
  while (left > 0) {
    const answer = await device.ask(
      "EthereumTxRequest",
      { data_length: Math.min(left, 1024) },
      "EthereumTxAck",
    );
    const chunk = hexOf(answer, "data_chunk");
    left -= chunk.length / 2;
    yield chunk;
  }
}

/** The signature of what was received, field by field. */
export function signedTransaction(key: HDNodeWallet, request: Content, data: string): Message {
  const { unsignedHash } = Transaction.from({
    type: 2,
    chainId: String(request.chain_id),
    nonce: Number(numberOf(request, "nonce")),
    to: String(request.to),
    value: numberOf(request, "value"),
    gasLimit: numberOf(request, "gas_limit"),
    maxFeePerGas: numberOf(request, "max_gas_fee"),
    maxPriorityFeePerGas: numberOf(request, "max_priority_fee"),
    data: `0x${data}`,
  });
  const { r, s, yParity } = key.signingKey.sign(unsignedHash);
  return {
    type: "EthereumTxRequest",
    message: { signature_v: yParity, signature_r: r.slice(2), signature_s: s.slice(2) },
  };
}

/** The signature over an EIP-712 digest. */
export function signedDigest(key: HDNodeWallet, digest: string): Message {
  const signature = Signature.from(key.signingKey.sign(digest)).serialized.slice(2);
  return { type: "EthereumTypedDataSignature", message: { address: key.address, signature } };
}
