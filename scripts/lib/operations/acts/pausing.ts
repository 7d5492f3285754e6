import { formatDuration, PAUSE_BITS, type PauseBit } from "../units.js";
import type { Act } from "./act.js";

/** What to pause, for how many seconds, and why: the reason stands on the chain. */
export interface Pause {
  readonly bits: readonly PauseBit[];
  readonly seconds: number;
  readonly reason: string;
}

/** The storage entries that say until when what is paused. */
export const UNTIL: Readonly<Record<PauseBit, string>> = {
  DEPOSITS: "escrow Controls.settings.depositsUntil",
  PAYOUTS: "escrow Controls.settings.payoutsUntil",
  EXITS: "escrow Controls.settings.exitsUntil",
};
const SERIES = "escrow Controls.settings.exitsSince";

const sum = (bits: readonly PauseBit[]) => bits.reduce((all, bit) => all | PAUSE_BITS[bit], 0);
const list = (bits: readonly PauseBit[]) => bits.map((bit) => bit.toLowerCase()).join(", ");

/** Stops parts of the escrow at once, for a while. */
export const pause = ({ bits, seconds, reason }: Pause): Act => ({
  title: `Pause ${list(bits)} for ${formatDuration(seconds)}`,
  role: "GUARDIAN",
  calls: [{ target: "escrow", function: "pause", args: [sum(bits), seconds, reason] }],
  mayChange: [...bits.map((bit) => UNTIL[bit]), ...(bits.includes("EXITS") ? [SERIES] : [])],
});

/** As {@link pause}, slowly, and without the limit on exits. */
export const extendPause = ({ bits, seconds, reason }: Pause): Act => ({
  title: `Extend the pause of ${list(bits)} to ${formatDuration(seconds)} from when it is executed`,
  role: "CONFIGURATOR",
  calls: [{ target: "escrow", function: "extendPause", args: [sum(bits), seconds, reason] }],
  mayChange: bits.map((bit) => UNTIL[bit]),
});

/** Ends pauses before their time. */
export const unpause = (bits: readonly PauseBit[]): Act => ({
  title: `Unpause ${list(bits)}`,
  role: "UNPAUSER",
  calls: [{ target: "escrow", function: "unpause", args: [sum(bits)] }],
  mayChange: bits.map((bit) => UNTIL[bit]),
});
