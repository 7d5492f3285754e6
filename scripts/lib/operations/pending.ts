import { dataSlice } from "ethers";

import { askMany } from "../../../deploy/ask-many.js";
import { pendingOperations, type PendingOperation } from "./authority.js";
import { targetsIn } from "./derive.js";
import { initializersIn, inWords } from "./in-words.js";
import { roleName, type AddressBook } from "./names.js";
import type { Register } from "./register.js";
import { operationsIn } from "./scheduled.js";
import { contractsAt, type Suite } from "./suite.js";

/** Something that waits for its delay. */
export interface Pending extends Omit<PendingOperation, "data" | "nonce" | "target"> {
  readonly call: string;
  /** Roles whose holders can cancel it, besides its scheduler. */
  readonly cancelledBy: readonly string[];
  /** Our operation that it belongs to; null if none does. */
  readonly operation: number | null;
}

/** All that is scheduled at the AccessManager and waits, in words, with who could cancel it. */
export async function readPending(
  { connection, record }: Suite,
  register: Register,
  names: AddressBook,
): Promise<Pending[]> {
  const { accessManager } = contractsAt(record, connection.ethers.provider);
  const pending = await pendingOperations(accessManager, record.startBlock);
  const roles = await askMany(
    accessManager,
    "getTargetFunctionRole",
    pending.map(({ target, data }) => [target, dataSlice(data, 0, 4)]),
  );
  const guardians = await askMany(
    accessManager,
    "getRoleGuardian",
    roles.map(([role]) => [role as bigint]),
  );
  const initializers = initializersIn(register.operations);
  const ours = scheduledByUs(register);
  return pending.map(({ id, caller, target, data, readyAt, expiresAt }, i) => ({
    ...{ id, caller, readyAt, expiresAt },
    call: inWords(record, names, initializers, { to: target, data }).text,
    cancelledBy: [...new Set([roleName(guardians[i]![0] as bigint), "ADMIN"])],
    operation: ours.get(id) ?? null,
  }));
}

/** What operations of ours have scheduled, by its id; the latest counts. */
const scheduledByUs = ({ operations }: Register): ReadonlyMap<string, number> =>
  new Map(
    operations
      .filter(({ progress }) => progress.carriedOut.some(({ step }) => step === "schedule"))
      .flatMap(({ operation: { number }, opened: { manifest } }) => {
        const sent = manifest.steps.map(({ account, transaction }) => ({ from: account, ...transaction }));
        return [...operationsIn(sent, targetsIn(manifest)).keys()].map((id) => [id, number] as const);
      }),
  );
