import { getAddress, type Provider, type Result, type TransactionResponse } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import type { NamedLog } from "../../../deploy/logs.js";
import { TARGET_INTERFACES, TARGET_NAMES } from "../../../deploy/selectors.js";
import { initializersIn, inWords } from "./in-words.js";
import { actorIn, sentenceOf, type Words } from "./governance.js";
import type { AddressBook } from "./names.js";
import type { Register } from "./register.js";

/** One transaction that changed who may do what, what runs, or what is paused. */
export interface HistoryEntry {
  readonly block: number;
  /** Unix seconds. */
  readonly time: number;
  readonly hash: string;
  /** Who did it, as the contracts saw it; null where neither they nor the transaction tell. */
  readonly by: string | null;
  /** Who sent the transaction, who may only have carried what others signed. */
  readonly sentBy: string;
  /** One sentence an event. */
  readonly what: readonly string[];
  /** Which of our operations it belongs to, and which step of it; null if it was done outside of them. */
  readonly operation: { readonly number: number; readonly name: string; readonly step: string } | null;
  /** Whether it is part of the deployment, which is no operation. */
  readonly deployment: boolean;
}

export interface HistoryOptions {
  /** Unix seconds of the first block that is of interest. */
  readonly since?: number;
  /** How many transactions at most, the latest. */
  readonly limit: number;
}

/** What admins did on a chain, latest first. */
export async function findHistory(
  provider: Provider,
  record: DeploymentRecord,
  logs: readonly NamedLog[],
  { operations }: Register,
  names: AddressBook,
  { since = 0, limit }: HistoryOptions,
): Promise<HistoryEntry[]> {
  const ours = new Map(
    operations.flatMap(({ operation: { number, name }, progress }) =>
      progress.carriedOut.map(({ hash, step }) => [hash, { number, name, step }] as const),
    ),
  );
  const words = wordsFor(record, logs, operations, names);
  const callers = new Map(logs.filter(isScheduling).map(({ args }) => [idOf(args), args.caller as string]));
  const deployedUntil = endOfDeployment(logs);
  const transactions = [...Map.groupBy(logs, ({ log }) => log.transactionHash)].reverse();

  const entries: HistoryEntry[] = [];
  for (const [hash, events] of transactions) {
    if (entries.length === limit) break;
    const { blockNumber: block } = events[0]!.log;
    const { timestamp: time } = (await provider.getBlock(block))!;
    if (time < since) break;
    const sent = (await provider.getTransaction(hash))!;
    entries.push({
      ...{ block, time, hash },
      by: actorOf(events, callers) ?? directSender(record, sent),
      sentBy: sent.from,
      what: events.map((event) => sentenceOf(event, words)),
      operation: ours.get(hash) ?? null,
      deployment: logs.indexOf(events.at(-1)!) <= deployedUntil,
    });
  }
  return entries;
}

const isScheduling = ({ event }: NamedLog) => event === "OperationScheduled";
const idOf = (args: Result) => `${args.operationId} ${args.nonce}`;

/** Who acted, from the first event that tells; of what was scheduled, whoever scheduled it. */
function actorOf(events: readonly NamedLog[], callers: ReadonlyMap<string, string>): string | undefined {
  for (const event of events) {
    const { args, event: name } = event;
    const caller = name === "OperationExecuted" ? callers.get(idOf(args)) : undefined;
    const found = caller === undefined ? actorIn(event) : getAddress(caller);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whoever calls one of the suite's contracts is the one that it sees. */
const directSender = ({ contracts }: DeploymentRecord, { to, from }: TransactionResponse) =>
  TARGET_NAMES.some((name) => getAddress(contracts[name].address) === to) ? from : null;

/** The deployment ends with its deployer giving up ADMIN, which the AccessManager gave them when it was made. */
function endOfDeployment(logs: readonly NamedLog[]): number {
  const first = logs.find(({ event }) => event === "RoleGranted");
  const same = ({ args }: NamedLog) =>
    args.roleId === first?.args.roleId && args.account === first?.args.account;
  return logs.findIndex((log) => log.event === "RoleRevoked" && same(log));
}

function wordsFor(
  record: DeploymentRecord,
  logs: readonly NamedLog[],
  operations: Register["operations"],
  names: AddressBook,
): Words {
  const scheduled = new Map(
    logs.filter(isScheduling).map(({ args }) => [args.operationId as string, args] as const),
  );
  const initializers = initializersIn(operations);
  return {
    nameOf: (address) => names[address] ?? address,
    functionOf: (selector) =>
      TARGET_NAMES.map((name) => TARGET_INTERFACES[name].getFunction(selector)?.name).find(Boolean) ??
      selector,
    scheduled: (id) => {
      const args = scheduled.get(id);
      if (args === undefined) return id;
      return inWords(record, names, initializers, { to: args.target as string, data: args.data as string })
        .text;
    },
  };
}
