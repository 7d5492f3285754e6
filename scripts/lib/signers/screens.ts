import { getAddress } from "ethers";

import type { TypedMessage, UnsignedTransaction } from "./signer.js";
import type { Device, Screen } from "./screens/device.js";
import { ledgerHashes, ledgerNano } from "./screens/ledger.js";
import { trezorOne } from "./screens/trezor-one.js";
import { trezorSafe } from "./screens/trezor-safe.js";
import { typedHashes, typedDataPayload } from "./typed-data.js";

export type DeviceModel = "trezor-one" | "trezor-safe" | "ledger-nano" | "ledger-hashes";

const devices: Readonly<Record<DeviceModel, Device>> = {
  "trezor-one": trezorOne,
  "trezor-safe": trezorSafe,
  "ledger-nano": ledgerNano,
  "ledger-hashes": ledgerHashes,
};

/**
 * Every kind of device that we foretell the screens of.
 *
 * All of them were written from the source that each names. Those of the Trezors are compared in our tests with what a
 * device double of ours shows for the bytes that the real `@trezor/connect` sends it; the double was written from the
 * same source, apart from this. Those of the Ledgers were compared with the pictures in that source's own tests, by eye.
 * Nothing was compared with a device in the hand. The words are those of an English device with the firmware named; other
 * versions may say the same in others. The hashes, addresses, figures and bytes are what has to match.
 */
export const DEVICES: Readonly<Record<DeviceModel, Pick<Device, "name" | "source" | "note">>> = devices;

/**
 * What a person sees on a device before it signs: screen after screen, line by line.
 *
 * A token transfer (`transfer`, `approve`) and what a vendor has described for clear signing look otherwise: none of our
 * operations are such.
 *
 * @param signer Whose device it is. Where it is not known yet, the screen says so in words.
 */
export function screensFor(
  model: DeviceModel,
  thing: TypedMessage | UnsignedTransaction,
  signer?: string,
): Screen[] {
  const device = devices[model];
  const shown = signer === undefined ? "(your own address)" : getAddress(signer);
  if ("types" in thing) return device.typedMessage(typedDataPayload(thing), typedHashes(thing), shown);
  return device.transaction({ ...thing, to: getAddress(thing.to) }, shown);
}
