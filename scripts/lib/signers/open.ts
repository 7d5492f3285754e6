import type { NetworkConnection } from "hardhat/types/network";
import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { personAt, type Person } from "./person.js";
import type { Signer, SignerKind } from "./signer.js";
import type { TrezorTransport } from "./trezor-faults.js";

export interface SignerOptions {
  /** The network that is signed for: its accounts are the keystore's keys, and its chain tells what a wallet has sent. */
  readonly connection: Pick<NetworkConnection, "networkConfig"> & {
    readonly ethers: { readonly provider: Pick<Provider, "getTransaction"> };
  };
  /** Whose signature is wanted. A Ledger has to know; the others can be asked who they are. */
  readonly address?: string;
  /** Derivation path of a Trezor's or Ledger's key. */
  readonly path?: string;
  /** How to reach a Trezor. */
  readonly transport?: TrezorTransport;
  /** Where a JSON-RPC wallet listens. */
  readonly walletUrl?: string;
  /** How long to wait for a device, and for a wallet's transaction to be seen on the chain, in milliseconds. */
  readonly deviceMs?: number;
  /** How long a person may take for each thing that is asked of them, in milliseconds. */
  readonly personMs?: number;
  readonly person?: Person;
}

const TREZOR_PATH = "m/44'/60'/0'/0/0";
/** Frame's. */
const WALLET_URL = "http://127.0.0.1:1248";
const DEVICE_MS = 60_000;
const PERSON_MS = 5 * 60_000;

/**
 * Opens a signer of the kind, whose libraries are loaded only now. Whoever opens it closes it.
 *
 * @throws {@link Fault} if it is missing, locked, another one than `address`, or not installed.
 */
export async function openSigner(kind: SignerKind, options: SignerOptions): Promise<Signer> {
  const { connection, address, path, transport = "bridge", walletUrl = WALLET_URL } = options;
  const { deviceMs = DEVICE_MS, personMs = PERSON_MS, person = personAt() } = options;
  switch (kind) {
    case "keystore": {
      const { openKeystore } = await import("./keystore.js");
      return openKeystore({ accounts: connection.networkConfig.accounts, address });
    }
    case "ledger": {
      if (address === undefined) throw new Fault("Say whose Ledger it is: give its address.");
      const { openLedger } = await import("./ledger.js");
      return openLedger({ address, path, deviceMs, personMs, person });
    }
    case "trezor": {
      const { openTrezor } = await import("./trezor.js");
      return openTrezor({ address, path: path ?? TREZOR_PATH, transport, deviceMs, personMs, person });
    }
    case "wallet": {
      const { openWallet } = await import("./wallet.js");
      const chain = connection.ethers.provider;
      return openWallet({ url: walletUrl, address, chain, personMs, sentMs: deviceMs });
    }
  }
}
