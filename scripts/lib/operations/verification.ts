import { findRoleRepairs, formatDifference, type RoleRepair } from "../../../deploy/roles-diff.js";
import { Fault } from "../../../deploy/fault.js";
import { keepsRecords } from "../mode.js";
import { UNTIL } from "./acts/pausing.js";
import { messageOf } from "./endpoint.js";
import { withFork } from "./fork.js";
import type { OpenManifest } from "./open.js";
import { outcomesOf, type Verified } from "./outcomes.js";
import { findProgress, type OperationProgress, type Urgency } from "./progress.js";
import { isNoAnswer } from "./reverts.js";
import { findCodeFaults } from "./self-tests.js";
import { entryOf } from "./state-diff.js";
import { contractsAt, type Suite } from "./suite.js";
import { valueAt } from "./timed.js";
import { operationIn, toType } from "./to-type.js";
import { Trial } from "./trial.js";
import { formatTime, PAUSE_BITS, PAUSE_BIT_NAMES } from "./units.js";

interface Verifying extends Urgency {
  /** Told if what was found could not be written down. */
  readonly tell?: (sentence: string) => void;
}

/**
 * Looks at the suite after an operation: the code, its self-test, the roles, the pauses, and on a fork whether money still
 * moves. Appends what it finds to the operation's record, when live; where that cannot be, tells so, and it was found all the
 * same.
 *
 * @throws {@link Fault} if nothing of the operation was carried out yet.
 */
export async function verify(
  suite: Suite,
  opened: OpenManifest,
  { tell = console.error, ...urgency }: Verifying = {},
): Promise<Verified> {
  const { provider } = suite.connection.ethers;
  // What was urgent is done by now: all of the operation counts, as far as the chain tells.
  const progress = await findProgress(provider, opened, { ...urgency, isNeeded: () => true });
  if (progress.carriedOut.length === 0)
    throw new Fault(
      "Nothing of this operation was carried out yet, so there is nothing to verify. --operation names an earlier one; " +
        `without one looks ${toType("ops status")}`,
    );
  const block = (await provider.getBlock("latest"))!;
  const roles = await findRoles(suite, opened, progress);
  const payments = await tryPayments(suite, block.number);
  const checks = [
    {
      name: "code and self-tests",
      problems: await findCodeFaults(
        provider,
        suite.record,
        opened.manifest,
        await codeAfter(suite, progress, opened),
      ),
    },
    { name: "pauses", problems: await findPauseFaults(suite, opened, progress) },
    { name: payments.name, problems: payments.problems },
    ...(roles.toBlame.length === 0 && !roles.isAbout ? [] : [{ name: "roles", problems: roles.toBlame }]),
  ];
  const verified: Verified = {
    kind: "verified",
    block: block.number,
    blockHash: block.hash!,
    time: block.timestamp,
    checks,
    remarks: roles.others,
    passed: checks.every(({ problems }) => problems.length === 0),
  };
  if (keepsRecords()) await outcomesOf(opened).add(verified).catch(forgive(opened, tell));
  return verified;
}

/** A full disk takes nothing away from what was found. */
const forgive =
  (opened: OpenManifest, tell: (sentence: string) => void) =>
  (problem: unknown): void =>
    tell(
      `It was verified, which could not be written down: ${messageOf(problem)}. Once it can, run: ` +
        toType("ops verify", operationIn(opened)),
    );

/** Which code an operation leaves behind: a rollback that was kept ready takes back what its main branch did. */
async function codeAfter(
  { connection, record }: Suite,
  { left, carriedOut, unknown }: OperationProgress,
  { manifest: { proxies, steps } }: OpenManifest,
): Promise<"before" | "after"> {
  const isRolledBack = carriedOut.some(
    ({ step }) => steps.find(({ id }) => id === step)!.branch === "ready" && step.startsWith("rollback"),
  );
  if (isRolledBack) return "before";
  if (!left.some(({ id }) => unknown.includes(id))) return left.length > 0 ? "before" : "after";
  // Nobody could tell how far it came, so that either version is as it should be.
  const { upgradeController } = contractsAt(record, connection.ethers.provider);
  const records = await Promise.all(proxies.map(({ address }) => upgradeController.proxyRecord(address)));
  const runsAfter = proxies.every(({ after }, i) => records[i]!.implementation === after.implementation);
  return runsAfter ? "after" : "before";
}

/**
 * Where roles are not as `deploy/roles.ts` and the parameters have them; whole sentences. To blame for that is only who was
 * to mend it: an operation that makes the very call that would, and has made all of its calls.
 */
async function findRoles(
  { connection, record, parameters }: Suite,
  { manifest }: OpenManifest,
  { left }: OperationProgress,
) {
  const isAbout = ROLE_VERBS.includes(manifest.operation.verb);
  const repairs = await findRoleRepairs(connection, record, parameters.holders);
  const isToBlame = ({ repair }: RoleRepair) =>
    left.length === 0 && manifest.steps.some(({ transaction }) => transaction.data.includes(repair.slice(2)));
  const [toBlame, others] = [repairs.filter(isToBlame), repairs.filter((repair) => !isToBlame(repair))].map(
    (some) => some.map(formatDifference),
  );
  return { isAbout, toBlame: toBlame!, others: others! };
}

const ROLE_VERBS = ["roles", "grant", "revoke", "rotate"];

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
    const expected = Number(valueAt(change.after, times));
    const found = await escrow.pausedUntil(PAUSE_BITS[bit]).then(Number, (error: unknown) => {
      if (isNoAnswer(error)) return undefined;
      throw error;
    });
    if (expected !== found)
      faults.push(`${bit} should be ${formatPause(expected)}, and is ${formatPause(found)}.`);
  }
  return faults;
}

function formatPause(until: number | undefined): string {
  if (until === undefined) return "unknown, as the escrow does not answer";
  return until === 0 ? "not paused" : `paused until ${formatTime(until)}`;
}

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
      const problem =
        error instanceof Fault ? error.message : isNoAnswer(error) && "A contract does not answer.";
      if (problem === false) throw error;
      return { name: "payments on a fork", problems: [problem] };
    }
  });
}
