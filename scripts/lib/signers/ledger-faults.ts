import { Fault } from "../../../deploy/fault.js";
import { plain } from "../plain.js";

/** `npm rebuild node-hid` alone does nothing and says that it was done: package.json allows it no script. */
export const notBuilt = (cause: unknown) =>
  new Fault("To talk to a Ledger, node-hid must be built on this machine first:", {
    details: [
      "npm rebuild node-hid --dangerously-allow-all-scripts",
      "It needs Python and a C++ compiler, and on Linux libudev and libusb with their headers",
      "(Debian: apt install build-essential python3 pkg-config libudev-dev libusb-1.0-0-dev).",
    ],
    cause,
  });

export const notReady = (message: string) =>
  new Fault("No Ledger was found that is ready to sign: nothing was signed.", { details: [message] });

export const noAnswer = (milliseconds: number) =>
  new Fault(`Nothing was decided on the Ledger for ${milliseconds / 1_000} s: decline what it still shows.`);

/** What the status words of Ledger's Ethereum app mean for the person at the table. */
const SENTENCES: Readonly<Record<number, string>> = {
  0x6985: "It was declined on the Ledger: nothing was signed.",
  0x5501: "It was declined on the Ledger: nothing was signed.",
  0x6a80: "The Ledger cannot show this: turn on blind signing in its Ethereum app.",
  0x5515: "The Ledger is locked: nothing was signed.",
};
/** The library gives some status words a name, and leaves the word out. */
const NAMED: Readonly<Record<string, number>> = {
  EthAppPleaseEnableContractData: 0x6a80,
  UserRefusedOnDevice: 0x6985,
  LockedDeviceError: 0x5515,
};
const LOST = ["DisconnectedDevice", "DisconnectedDeviceDuringOperation"];

/** What the plugin threw, in a sentence. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { name, message, statusCode, cause } = error as Error & { statusCode?: number };
  if (LOST.includes(name))
    return new Fault("The Ledger was disconnected: nothing was signed.", { cause: error });
  const sentence = SENTENCES[statusCode ?? NAMED[name] ?? 0];
  if (sentence !== undefined) return new Fault(sentence, { cause: error });
  return cause instanceof Error
    ? faultOf(cause)
    : new Fault(`The Ledger refused: ${plain(message)}`, { cause: error });
}
