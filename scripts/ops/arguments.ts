import { isAddress, isHexString } from "ethers";

import { Fault } from "../../deploy/fault.js";
import { HELD_ROLES, type HeldRole } from "../../deploy/roles.js";
import { PAUSE_BIT_NAMES, type PauseBit } from "../lib/operations/units.js";
import { PROXY_NAMES, type ProxyName } from "../lib/operations/suite.js";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90m`, `12h`, `3d` in seconds. */
export function parseDuration(text: string, option: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds > 0) return seconds;
  throw new Fault(`${option} is a number with s, m, h or d, such as 12h; it was ${text}.`);
}

/** A number of things. */
export function parseCount(count: number, option: string, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new Fault(`${option} is from ${least} to ${most}; it was ${count}.`);
}

/** `deposits,exits`. */
export function parseBits(text: string): PauseBit[] {
  const given = text.split(",").map((part) => part.trim().toUpperCase());
  const bits = PAUSE_BIT_NAMES.filter((name) => given.includes(name));
  if (bits.length === given.length) return bits;
  throw new Fault(`--bits is any of deposits, payouts and exits, separated by commas; it was ${text}.`);
}

export const parseProxy = (text: string): ProxyName => oneOf(PROXY_NAMES, text, "--proxy");

/** `guardian` or `GUARDIAN`. */
export const parseRole = (text: string): HeldRole => oneOf(HELD_ROLES, text.toUpperCase(), "--role");

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[], text: string, option: string): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new Fault(`${option} is one of ${words.join(", ")}; it was ${text}.`);
}

/** `7d` as the moment that long before `now`, or a day or moment itself, in Unix seconds. */
export function parseSince(text: string, now: number): number {
  if (/^\d{1,6}[smhd]$/.test(text)) return now - parseDuration(text, "--since");
  const moment = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(moment)) return moment / 1000;
  throw new Fault(`--since is such as 7d, or a day or time such as 2026-01-31T12:00Z; it was ${text}.`);
}

export function parsePayment(text: string | undefined): string {
  const paymentId = required(text, "--payment", "which payment").toLowerCase();
  if (isHexString(paymentId, 32)) return paymentId;
  throw new Fault(`--payment is a paymentId, 32 bytes of hex; it was ${paymentId}.`);
}

export function parseAddress(text: string, option: string): string {
  if (!isAddress(text)) throw new Fault(`${option} is an address; it was ${String(text)}.`);
  return text;
}

export function parseList(text: string, option: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new Fault(`${option} is a JSON array, such as '["7"]'; it was ${text}.`);
}

/** What has no default, and must be said. */
export function required(text: string | undefined, option: string, what: string, example?: string): string {
  if (text !== undefined && text.trim() !== "") return text;
  throw new Fault(`Say ${what} with ${option}${example === undefined ? "." : `, for example: ${example}`}`);
}
