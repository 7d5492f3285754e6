import { isError } from "ethers";

import { findRoleDifferences, formatDifference, type RoleDifference } from "../../../deploy/roles-diff.js";
import { mode, type Mode } from "../mode.js";
import { addressBook } from "./book.js";
import type { AddressBook } from "./names.js";
import { readPending, type Pending } from "./pending.js";
import { findReadiness, type OperationReadiness } from "./ready.js";
import { readRegister, type Register, type Standing } from "./register.js";
import { readRunningCode, type RunningCode } from "./running-code.js";
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
  /** When the read model was last compared with the chain; null for never. */
  readonly reconciled: number | null;
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
 */
export async function readStatus(suite: Suite, directory?: string): Promise<Status> {
  const { connection, record, parameters } = suite;
  const { provider } = connection.ethers;
  const block = (await provider.getBlock("latest"))!;
  const roles = await findRoleDifferences(connection, record, parameters.holders);
  const register = await readRegister(provider, record, directory);
  const names = addressBook(suite, register);
  const found = {
    roles,
    pauses: await readPauses(suite, block.timestamp),
    code: await Promise.all(PROXY_NAMES.map((proxy) => readRunningCode(suite, proxy, block.timestamp))),
    pending: await readPending(suite, register, names),
    ready: await findReadiness(suite, register),
  };
  return {
    chainId: record.chainId,
    network: connection.networkName,
    mode: mode(),
    block: { number: block.number, hash: block.hash!, time: block.timestamp },
    names,
    ...found,
    operations: unfinished(register),
    // Nothing records reconciliations yet.
    reconciled: null,
    attention: findAttention(found, register),
  };
}

/** @returns Nothing if the escrow does not answer, as a broken version of it may not. */
async function readPauses({ connection, record }: Suite, now: number): Promise<Pause[] | null> {
  const { escrow } = contractsAt(record, connection.ethers.provider);
  const pauses: Pause[] = [];
  try {
    for (const part of PAUSE_BIT_NAMES)
      pauses.push({ part, until: Number(await escrow.pausedUntil(PAUSE_BITS[part])) });
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return null;
    throw error;
  }
  return pauses.filter(({ until }) => until > now);
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
    ...ready.flatMap(({ attention }) => attention),
    ...operations.flatMap(({ progress }) => progress.gone),
    ...unreadable.map(({ problem }) => problem),
  ];
}
