import { getAddress, toQuantity } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { checked } from "./checked.js";
import type { Signer } from "./signer.js";
import { toSign } from "./transaction.js";
import { TrezorSession, type TrezorSessionOptions } from "./trezor-session.js";
import { typedHashes, typedDataPayload } from "./typed-data.js";

export interface TrezorOptions extends TrezorSessionOptions {
  /** Derivation path of the key. */
  readonly path: string;
  /** Whose key it is expected to be. */
  readonly address?: string;
}

/** The key at a path of a Trezor: which, the device is asked at once. */
export async function openTrezor({ path, address: wanted, ...options }: TrezorOptions): Promise<Signer> {
  const session = await TrezorSession.open(options);
  try {
    const { address } = await session.call((connect) =>
      connect.ethereumGetAddress({ path, showOnTrezor: false }),
    );
    if (wanted !== undefined) requireAddress(getAddress(wanted), address, path);
    return signerAt(session, path, address);
  } catch (error) {
    await session.close();
    throw error;
  }
}

function requireAddress(wanted: string, found: string, path: string): void {
  if (found === wanted) return;
  throw new Fault(`This is not the Trezor of ${wanted}: at ${path} it has ${found}.`, {
    details: ["Another Trezor, another passphrase, or another derivation path?"],
  });
}

function signerAt(session: TrezorSession, path: string, address: string): Signer {
  return checked({
    kind: "trezor",
    address,
    async signTypedData(message) {
      const { domainSeparator, messageHash } = typedHashes(message);
      const { signature } = await session.call((connect) =>
        connect.ethereumSignTypedData({
          path,
          data: typedDataPayload(message),
          metamask_v4_compat: true,
          // Models that show the fields show the message hash too, but only if they are given both.
          domain_separator_hash: domainSeparator,
          message_hash: messageHash,
          show_message_hash: true,
        }),
      );
      return signature;
    },
    async signTransaction(transaction) {
      const { chainId, to, data } = transaction;
      const { r, s, v } = await session.call((connect) =>
        connect.ethereumSignTransaction({
          path,
          transaction: {
            chainId,
            to,
            data,
            nonce: toQuantity(transaction.nonce),
            value: toQuantity(transaction.value),
            gasLimit: toQuantity(transaction.gasLimit),
            maxFeePerGas: toQuantity(transaction.maxFeePerGas),
            maxPriorityFeePerGas: toQuantity(transaction.maxPriorityFeePerGas),
          },
        }),
      );
      const signed = toSign(transaction);
      signed.signature = { r, s, v };
      return { raw: signed.serialized };
    },
    close: () => session.close(),
  });
}
