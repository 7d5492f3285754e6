import { formatUnits } from "ethers";

import { roleName } from "./names.js";

/** An allow-listed token, as amounts are written in it. */
export interface Token {
  readonly symbol: string;
  readonly address: string;
  readonly decimals: number;
}

const SECONDS = [
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** `2 days 3 hours`. Weeks only if nothing is left over. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return "0 seconds";
  let left = seconds;
  const parts: string[] = [];
  for (const [unit, size] of SECONDS) {
    if (unit === "week" && left % size !== 0) continue;
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    left -= count * size;
  }
  return parts.join(" ");
}

/** `2026-11-22 14:15:09 UTC`. */
export const formatTime = (unixSeconds: number) =>
  `${new Date(unixSeconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** `2026-11-22 14:15:09 UTC (in 2 days 3 hours)`, or `(3 hours ago)`. */
export function formatWhen(unixSeconds: number, now: number): string {
  const distance = unixSeconds - now;
  const [largest = "", next] = formatDuration(Math.abs(distance)).match(/\d+ \w+/g) ?? [];
  const coarse = [largest, ...(next === undefined ? [] : [next])].join(" ");
  return `${formatTime(unixSeconds)} (${distance < 0 ? `${coarse} ago` : `in ${coarse}`})`;
}

/** `2,500.5 USDC`. */
export function formatAmount(amount: bigint, { symbol, decimals }: Token): string {
  const [whole, fraction = "0"] = formatUnits(amount, decimals).split(".");
  const grouped = BigInt(whole!).toLocaleString("en-US");
  return `${grouped}${fraction === "0" ? "" : `.${fraction}`} ${symbol}`;
}

export const PAUSE_BITS = { DEPOSITS: 1, PAYOUTS: 2, EXITS: 4 } as const;
export type PauseBit = keyof typeof PAUSE_BITS;
export const PAUSE_BIT_NAMES = Object.keys(PAUSE_BITS) as PauseBit[];

/** In the order of the Solidity enum. */
export const LIST_MODES = ["deny", "allow"] as const;

export const formatBits = (bits: number) =>
  PAUSE_BIT_NAMES.filter((name) => (bits & PAUSE_BITS[name]) !== 0).join(" and ") || "nothing";

/** What arguments mean, by their names in the ABI. The same name means the same in every contract of the suite. */
const MEANINGS: Readonly<Record<string, (value: string, token: Token | undefined) => string | undefined>> = {
  bits: (bits) => formatBits(Number(bits)),
  duration: (seconds) => formatDuration(Number(seconds)),
  executionDelay: (seconds) => formatDuration(Number(seconds)),
  newDelay: (seconds) => formatDuration(Number(seconds)),
  outflowWindow: (seconds) => formatDuration(Number(seconds)),
  when: (time) => (time === "0" ? "as soon as the delay allows" : formatTime(Number(time))),
  roleId: (id) => roleName(BigInt(id)),
  admin: (id) => roleName(BigInt(id)),
  guardian: (id) => roleName(BigInt(id)),
  cap: (amount, token) => token && formatAmount(BigInt(amount), token),
  approvalThreshold: (amount, token) => token && formatAmount(BigInt(amount), token),
  outflowLimit: (amount, token) => token && formatAmount(BigInt(amount), token),
  listMode: (mode) => LIST_MODES[Number(mode)],
};

/**
 * What an argument means to a person.
 *
 * @param name As in the ABI, without the names of the structs around it.
 * @param token The token that the same call is about, if it is about one.
 */
export const meaningOf = (name: string, value: string, token: Token | undefined): string | undefined =>
  MEANINGS[name]?.(value, token);
