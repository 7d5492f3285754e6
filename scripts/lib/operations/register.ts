import type { Provider } from "ethers";

import { askMany } from "../../../deploy/ask-many.js";
import { readAuthorityLogs } from "../../../deploy/authority-logs.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { plain } from "../plain.js";
import { contained, partition, type Unreadable } from "./contained.js";
import { targetsIn } from "./derive.js";
import { listMisnamed, listOperations, type OperationFolder } from "./folder.js";
import { findOtherChain } from "./moved.js";
import { openManifest, type OpenManifest } from "./open.js";
import { findProgress, isBegun, type OperationProgress, type Urgency } from "./progress.js";
import { operationsIn } from "./scheduled.js";
import { contractsAt } from "./suite.js";

/** How an operation stands. `elsewhere`: it was planned on a chain that this one is not, such as one started anew. */
export type Standing = "planned" | "under way" | "done" | "expired" | "cancelled" | "elsewhere";

/** An operation, with what has become of it. */
export interface Registered {
  readonly operation: OperationFolder;
  readonly opened: OpenManifest;
  readonly progress: OperationProgress;
  readonly standing: Standing;
}

/** Nothing of it works here; but an endpoint that has forgotten old blocks, or is of another fork, makes it look so too. */
export const sayElsewhere = ({ path }: OperationFolder): string =>
  `The operation ${path} was planned on a block that this chain does not have, so nothing of it counts here. If the chain ` +
  "was not started anew, ask another endpoint.";

/** All operations on a chain. */
export interface Register {
  readonly operations: readonly Registered[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Opens all operations on a chain and finds out how far each has come. One that cannot be read keeps no other from it.
 *
 * @param directory Where they are, if not in `deploy/operations/`.
 * @param urgency Of whoever only sends what was signed beforehand: pages and records are in nobody's way then.
 */
export async function readRegister(
  provider: Provider,
  record: DeploymentRecord,
  directory?: string,
  urgency: Urgency = {},
): Promise<Register> {
  const listed = await listOperations(record.chainId, directory);
  const read = await Promise.all(
    listed.map((operation) => readOperation(provider, record, operation, urgency)),
  );
  const { readable: operations, unreadable } = partition<Registered>(read);
  const misnamed = await listMisnamed(record.chainId, directory);
  return { operations, unreadable: [...unreadable, ...misnamed.map(sayMisnamed)] };
}

const sayMisnamed = (operation: OperationFolder): Unreadable => ({
  operation,
  problem:
    `The folder ${plain(operation.path)} is not looked at: an operation is a number from 1 on, without zeros in front, a ` +
    "dash and a name. Restore its name from version control.",
});

async function readOperation(
  provider: Provider,
  record: DeploymentRecord,
  operation: OperationFolder,
  urgency: Urgency,
): Promise<Registered | Unreadable> {
  return await contained(operation, async () => {
    const opened = await openManifest(operation.path, record, { isRead: urgency.isUrgent !== true });
    return { operation, opened, ...(await standingOf(provider, record, opened, urgency)) };
  });
}

const NOTHING: OperationProgress = {
  carriedOut: [],
  times: {},
  left: [],
  gone: [],
  outside: [],
  spent: {},
  unknown: [],
};

async function standingOf(
  provider: Provider,
  record: DeploymentRecord,
  opened: OpenManifest,
  urgency: Urgency,
): Promise<Pick<Registered, "progress" | "standing">> {
  const { manifest } = opened;
  if ((await findOtherChain(provider, manifest)).length > 0)
    return { progress: NOTHING, standing: "elsewhere" };
  const progress = await findProgress(provider, opened, urgency);
  const { left, times } = progress;
  const [next] = left;
  if (next === undefined) return { progress, standing: "done" };
  // Nobody who is in a hurry is told more by all that was ever cancelled.
  if (urgency.isUrgent) return { progress, standing: "under way" };
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  if (!isBegun(manifest, times))
    return { progress, standing: now > manifest.expiresAt ? "expired" : "planned" };
  if (await isCancelled(provider, record, opened)) return { progress, standing: "cancelled" };
  const { notAfter } = next;
  const isLate = notAfter !== null && now > times[notAfter.step]! + notAfter.seconds;
  return { progress, standing: isLate ? "expired" : "under way" };
}

/** Whether anything that it scheduled was taken back. */
async function isCancelled(
  provider: Provider,
  record: DeploymentRecord,
  { manifest }: OpenManifest,
): Promise<boolean> {
  const sent = manifest.steps.map(({ account, transaction }) => ({ from: account, ...transaction }));
  const schedules = sent.filter((_, i) => manifest.steps[i]!.id === "schedule");
  const { accessManager } = contractsAt(record, provider);
  const ids = [...operationsIn(schedules, targetsIn(manifest)).keys()];
  const waiting = await askMany(
    accessManager,
    "getSchedule",
    ids.map((id) => [id]),
  );
  const over = ids.filter((_, i) => waiting[i]![0] === 0n);
  if (over.length === 0) return false;
  const told = await readAuthorityLogs(accessManager, record.startBlock);
  return told("OperationCanceled").some(
    ({ args, log }) =>
      log.blockNumber >= manifest.plannedAt.block && over.includes(args.operationId as string),
  );
}
