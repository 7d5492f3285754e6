import { isError } from "ethers";

import { findRoleDifferences, formatDifference, type RoleDifference } from "../../../deploy/roles-diff.js";
import { mode, type Mode } from "../mode.js";
import { addressBook } from "./book.js";
import type { AddressBook } from "./names.js";
import { readPending, type Pending } from "./pending.js";
import { findReadiness, type OperationReadiness } from "./ready.js";
import { remembering } from "./remembering.js";
import { readRegister, type Register, type Standing } from "./register.js";
import { readRunningCode, type RunningCode } from "./running-code.js";
import type { ReconciliationRecord } from "../reconcile/records.js";
import { readReconciled } from "./reconciled.js";
import { contractsAt, PROXY_NAMES, type Suite } from "./suite.js";
import { formatTime, PAUSE_BITS, PAUSE_BIT_NAMES, type PauseBit } from "./units.js";

/** How a deployed suite stands. Times in Unix seconds. */
export interface Status {
  readonly chainId: number;
  readonly network: string;
  /** What commands typed here may do. */
  readonly mode: Mode;
  readonly block: { readonly number: number; readonly hash: string; readonly time: number };
  readonly names: AddressBook;
  readonly roles: readonly RoleDifference[];
  /** Null if the escrow does not answer. */
  readonly pauses: readonly Pause[] | null;
  readonly code: readonly RunningCode[];
  readonly pending: readonly Pending[];
  readonly ready: readonly OperationReadiness[];
  readonly operations: readonly Operation[];
  /** When all of the read model was last compared with the chain, and what came of it; null for never. */
  readonly reconciled: ReconciliationRecord | null;
  /** How often only a part of it was, or an index that was behind, since then. */
  readonly partialRuns: number;
  /** What somebody must see to. Whole sentences; none if all is well. */
  readonly attention: readonly string[];
}

export interface Pause {
  readonly part: PauseBit;
  readonly until: number;
}

/** An operation that is not over. */
export interface Operation {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly standing: Standing;
  readonly done: readonly string[];
  readonly left: readonly string[];
}

/**
 * Looks at everything that an admin should know before touching anything.
 *
 * @param directory Where the operations are, if not in `deploy/operations/`.
 * @param reconciliations Where the records of reconciliations are, if not in `deploy/reconciliations/`.
 */
export async function readStatus(
  given: Suite,
  directory?: string,
  reconciliations?: string,
): Promise<Status> {
  const suite = remembering(given);
  const { connection, record, parameters } = suite;
  const { provider } = connection.ethers;
  const block = (await provider.getBlock("latest"))!;
  const [roles, register, pauses, code] = await Promise.all([
    findRoleDifferences(connection, record, parameters.holders),
    readRegister(provider, record, directory),
    readPauses(suite, block.timestamp),
    Promise.all(PROXY_NAMES.map((proxy) => readRunningCode(suite, proxy, block.timestamp))),
  ]);
  const names = addressBook(suite, register);
  const [pending, { operations: ready, unreadable, uncovered }] = await Promise.all([
    readPending(suite, register, names),
    // Trying out what has to wait takes a fork of the chain; `ops ready` does.
    findReadiness(suite, register, { ahead: false }),
  ]);
  const { reconciled, partialRuns, attention } = await readReconciled(
    provider,
    record.chainId,
    reconciliations,
  );
  const found = { roles, pauses, code, pending, ready };
  return {
    chainId: record.chainId,
    network: connection.networkName,
    mode: mode(),
    block: { number: block.number, hash: block.hash!, time: block.timestamp },
    names,
    ...found,
    operations: unfinished(register),
    reconciled,
    partialRuns,
    attention: [
      ...uncovered,
      ...findAttention(found, { ...register, unreadable: [...register.unreadable, ...unreadable] }),
      ...attention,
    ],
  };
}

/** @returns Nothing if the escrow does not answer, as a broken version of it may not. */
async function readPauses({ connection, record }: Suite, now: number): Promise<Pause[] | null> {
  const { escrow } = contractsAt(record, connection.ethers.provider);
  try {
    const pauses = await Promise.all(
      PAUSE_BIT_NAMES.map(async (part) => ({
        part,
        until: Number(await escrow.pausedUntil(PAUSE_BITS[part])),
      })),
    );
    return pauses.filter(({ until }) => until > now);
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return null;
    throw error;
  }
}

const UNFINISHED: readonly Standing[] = ["planned", "under way"];

const unfinished = ({ operations }: Register): Operation[] =>
  operations
    .filter(({ standing }) => UNFINISHED.includes(standing))
    .map(({ operation: { number, name }, opened, progress, standing }) => ({
      ...{ number, name, title: opened.manifest.operation.title, standing },
      done: progress.carriedOut.map(({ step }) => step),
      left: progress.left.map(({ id }) => id),
    }));

function findAttention(
  { roles, pauses, code, pending, ready }: Pick<Status, "roles" | "pauses" | "code" | "pending" | "ready">,
  { unreadable, operations }: Register,
): string[] {
  return [
    ...roles.map(formatDifference),
    ...(pauses ?? []).map(({ part, until }) => `${part} is paused until ${formatTime(until)}.`),
    ...(pauses === null
      ? ["The escrow does not answer: pause it and roll it back if you can, whatever is the matter."]
      : []),
    ...code.flatMap(({ problems }) => problems),
    ...pending
      .filter(({ operation }) => operation === null)
      .map(({ id, call }) => `${id}, ${call}, is scheduled by no operation of ours.`),
    ...ready.flatMap(({ attention, unwanted }) => [...attention, ...unwanted]),
    ...operations.flatMap(({ progress, standing }) => [
      ...progress.gone,
      ...(UNFINISHED.includes(standing) ? progress.outside : []),
    ]),
    ...unreadable.map(({ problem }) => problem),
  ];
}
