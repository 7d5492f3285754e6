import type { Unsuccessful } from "@trezor/connect";

import { Fault } from "../../../deploy/fault.js";
import { plain } from "../plain.js";

/** How this computer talks to a Trezor: through Trezor Suite or Bridge, by USB, or to an emulator. */
export type TrezorTransport = "bridge" | "usb" | "udp";

const REACH: Readonly<Record<TrezorTransport, string>> = {
  bridge: "Plug it in, and keep Trezor Suite (or Bridge) running.",
  usb: "Plug it in, close Trezor Suite, and on Linux install Trezor's udev rules.",
  udp: "The emulator is to listen on 127.0.0.1:21324.",
};

/** What the codes of `@trezor/connect` mean for the person at the table. */
const SENTENCES: Readonly<Record<string, string>> = {
  Failure_ActionCancelled: "It was declined on the Trezor: nothing was signed.",
  Failure_PinCancelled: "The PIN was not entered: nothing was signed.",
  Failure_PinInvalid: "The PIN was wrong: nothing was signed.",
  Failure_Busy: "The Trezor is busy with something else: finish that on its screen.",
  Device_Disconnected: "The Trezor was disconnected: nothing was signed.",
  Device_UsedElsewhere: "Another program took over the Trezor: close it and try again.",
  Device_CallInProgress: "Another program is talking to the Trezor: close it and try again.",
  Device_InvalidState: "This is another Trezor, or another passphrase, than a moment ago.",
  Device_FwException: "The Trezor's firmware is too old for this: update it in Trezor Suite.",
  Device_ModeException:
    "The Trezor is not ready to sign: it must be set up, backed up and not in bootloader mode.",
  Device_InitializeFailed: "The Trezor does not answer: unlock it, or plug it in again.",
  Method_PermissionsNotGranted: "The seed of this Trezor has no backup: make one first.",
};

/** The transports tell of a cut cable in words, without a code. */
const LOST = ["device disconnected during action", "device not found", "A transfer error has occurred."];

export function faultOf({ error, code }: Unsuccessful["payload"], transport: TrezorTransport): Fault {
  if (code === "Transport_Missing" || code === "Device_NotFound") return notFound(transport);
  const meant = code ?? (LOST.includes(error) ? "Device_Disconnected" : "");
  return new Fault(SENTENCES[meant] ?? `The Trezor refused: ${plain(error)}${code ? ` (${code})` : ""}.`);
}

export const notFound = (transport: TrezorTransport) =>
  new Fault(`No Trezor was found by ${transport}.`, { details: [REACH[transport]] });

export const silent = (milliseconds: number) =>
  new Fault(`The Trezor did not answer for ${milliseconds / 1_000} s: nothing was signed.`, {
    details: [
      "Before a transaction @trezor/connect asks data.trezor.io about the chain: is that network slow?",
    ],
  });

export const noAnswer = (milliseconds: number) =>
  new Fault(`Nothing was done on the Trezor for ${milliseconds / 1_000} s: nothing was signed.`);
