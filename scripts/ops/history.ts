import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import type { HistoryEntry } from "../lib/operations/history.js";
import type { AddressBook } from "../lib/operations/names.js";
import { formatWhen } from "../lib/operations/units.js";
import { parseSince } from "./arguments.js";
import { LOOKS } from "./looks.js";
import { openSuite } from "./suite.js";

const LIMIT = LOOKS.history.options[1].defaultValue;

interface HistoryArguments {
  since?: string;
  limit?: number;
  parameters?: string;
  json?: boolean;
}

/** `npx hardhat ops history` */
export default command(
  async ({ since, limit = LIMIT, parameters, json }: HistoryArguments, hre: HardhatRuntimeEnvironment) => {
    if (limit < 1) throw new Fault(`--limit is at least 1; it was ${limit}.`);
    const { remembering } = await import("../lib/operations/remembering.js");
    const suite = remembering(await openSuite(hre, parameters));
    const { provider } = suite.connection.ethers;
    const { number, timestamp: now } = (await provider.getBlock("latest"))!;
    const options = { limit, ...(since !== undefined && { since: parseSince(since, now) }) };
    const { addressBook } = await import("../lib/operations/book.js");
    const { readGovernance } = await import("../lib/operations/governance.js");
    const { findHistory } = await import("../lib/operations/history.js");
    const { readRegister } = await import("../lib/operations/register.js");
    const register = await readRegister(provider, suite.record);
    const names = addressBook(suite, register);
    const logs = await readGovernance(provider, suite.record, number);
    const entries = await findHistory(provider, suite.record, logs, register, names, options);
    console.log(json ? JSON.stringify(entries, null, 2) : formatHistory(entries, names, now));
    // What belongs to these is told as done outside: nobody should take that for what it is.
    for (const { problem } of register.unreadable) console.error(problem);
    if (entries.some(isOutside) || register.unreadable.length > 0) process.exitCode = 1;
  },
);

const isOutside = ({ operation, deployment }: HistoryEntry) => operation === null && !deployment;

/** What admins did, a paragraph a transaction; the deployment is only named. */
export function formatHistory(entries: readonly HistoryEntry[], names: AddressBook, now: number): string {
  if (entries.length === 0) return "Nothing was done.";
  return entries.map((entry) => formatEntry(entry, names, now)).join("\n\n");
}

function formatEntry(entry: HistoryEntry, names: AddressBook, now: number): string {
  const { block, time, hash, by, sentBy, what, operation, deployment } = entry;
  const who = (address: string) => names[address] ?? address;
  const sender = by === sentBy ? "" : `${by === null ? "" : ", "}sent by ${who(sentBy)}`;
  const place = deployment
    ? "the deployment"
    : operation === null
      ? "OUTSIDE OF EVERY OPERATION"
      : `operation ${operation.number}-${operation.name}, ${operation.step}`;
  const shown =
    deployment && what.length > 1 ? [`${what.length} changes while the suite was deployed`] : what;
  return [
    `${formatWhen(time, now)}, block ${block}, ${place}`,
    `  ${by === null ? "" : `by ${who(by)}`}${sender}, ${hash}`,
    ...shown.map((sentence) => `  ${sentence}`),
  ].join("\n");
}
