import { isError } from "ethers";

import { findRoleDifferences, formatDifference } from "../../../deploy/roles-diff.js";
import { Fault } from "../../../deploy/fault.js";
import { UNTIL } from "./acts/pausing.js";
import { withFork } from "./fork.js";
import type { OpenManifest } from "./open.js";
import { outcomesOf, type Verified } from "./outcomes.js";
import { findProgress, type OperationProgress } from "./progress.js";
import { findCodeFaults } from "./self-tests.js";
import { entryOf } from "./state-diff.js";
import { contractsAt, type Suite } from "./suite.js";
import { valueAt } from "./timed.js";
import { Trial } from "./trial.js";
import { formatTime, PAUSE_BITS, PAUSE_BIT_NAMES } from "./units.js";

/**
 * Looks at the suite after an operation: the code, its self-test, the roles, the pauses, and on a fork whether money still
 * moves. Appends what it finds to the operation's record.
 *
 * @throws {@link Fault} if nothing of the operation was carried out yet.
 */
export async function verify(suite: Suite, opened: OpenManifest): Promise<Verified> {
  const { provider } = suite.connection.ethers;
  const progress = await findProgress(provider, opened);
  if (progress.carriedOut.length === 0)
    throw new Fault("Nothing of this operation was carried out yet, so there is nothing to verify.");
  const block = (await provider.getBlock("latest"))!;
  const roles = await findRoles(suite);
  const payments = await tryPayments(suite, block.number);
  const checks = [
    {
      name: "code and self-tests",
      problems: await findCodeFaults(provider, suite.record, opened.manifest, codeAfter(progress, opened)),
    },
    { name: "pauses", problems: await findPauseFaults(suite, opened, progress) },
    { name: payments.name, problems: payments.problems },
    // Only who was to mend the roles is to blame for them.
    ...(opened.manifest.operation.verb === "roles" ? [{ name: "roles", problems: roles }] : []),
  ];
  const verified: Verified = {
    kind: "verified",
    block: block.number,
    blockHash: block.hash!,
    time: block.timestamp,
    checks,
    remarks: opened.manifest.operation.verb === "roles" ? [] : roles,
    passed: checks.every(({ problems }) => problems.length === 0),
  };
  await outcomesOf(opened).add(verified);
  return verified;
}

/** Which code an operation leaves behind: a rollback that was kept ready takes back what its main branch did. */
function codeAfter({ left, carriedOut }: OperationProgress, { manifest }: OpenManifest): "before" | "after" {
  const isRolledBack = carriedOut.some(
    ({ step }) =>
      manifest.steps.find(({ id }) => id === step)!.branch === "ready" && step.startsWith("rollback"),
  );
  return left.length > 0 || isRolledBack ? "before" : "after";
}

/** Roles as `deploy/roles.ts` and the parameters have them, or where they are not. Whole sentences. */
async function findRoles({ connection, record, parameters }: Suite): Promise<string[]> {
  return (await findRoleDifferences(connection, record, parameters.holders)).map(formatDifference);
}

/** Whether every pause that the operation set or lifted is as the last step that did so left it. */
async function findPauseFaults(
  { connection, record }: Suite,
  { manifest }: OpenManifest,
  { carriedOut, times }: OperationProgress,
): Promise<string[]> {
  const { escrow } = contractsAt(record, connection.ethers.provider);
  const inOrder = carriedOut.toSorted((one, other) => one.time - other.time);
  const changes = inOrder.flatMap(({ step }) => manifest.steps.find(({ id }) => id === step)!.changes);
  const faults: string[] = [];
  for (const bit of PAUSE_BIT_NAMES) {
    const change = changes.findLast((candidate) => entryOf(candidate) === UNTIL[bit]);
    if (change === undefined) continue;
    const [expected, found] = [
      Number(valueAt(change.after, times)),
      Number(await escrow.pausedUntil(PAUSE_BITS[bit])),
    ];
    if (expected !== found)
      faults.push(`${bit} should be ${formatPause(expected)}, and is ${formatPause(found)}.`);
  }
  return faults;
}

const formatPause = (until: number) => (until === 0 ? "not paused" : `paused until ${formatTime(until)}`);

/** Deposits, releases and claims, on a fork. */
async function tryPayments(suite: Suite, block: number): Promise<{ name: string; problems: string[] }> {
  return await withFork(suite.connection, block, async (fork) => {
    try {
      const trial = await Trial.begin(fork, suite);
      if (trial === undefined)
        return { name: "payments on a fork: none, no token can be deposited", problems: [] };
      await trial.roundAfterPauses();
      return { name: `payments on a fork: ${trial.description}`, problems: [] };
    } catch (error) {
      // What a contract does not even answer is as much of a finding as what it refuses.
      const isSilent = isError(error, "CALL_EXCEPTION");
      if (!(error instanceof Fault) && !isSilent) throw error;
      const problem = isSilent ? `A contract does not answer: ${error.shortMessage}.` : error.message;
      return { name: "payments on a fork", problems: [problem] };
    }
  });
}
