import { Fault } from "../../../deploy/fault.js";
import { mayChange } from "./acts/act.js";
import type { Fork } from "./fork.js";
import { perform, skipTo } from "./perform.js";
import { entryOf, readChanges, type Change, type StorageNames } from "./state-diff.js";
import type { PlannedStep } from "./steps.js";
import { markTimes, type ExpectedChange, type Run } from "./timed.js";

/** What a step was seen to do. */
export interface Outcome {
  readonly changes: readonly ExpectedChange[];
  readonly gasUsed: bigint;
}

/** Seconds between the steps of two runs, in no proportion to each other, so that a time tells after which step it is. */
const PACES = [
  { first: 60, between: 61, ready: 600 },
  { first: 1_069, between: 2_063, ready: 3_083 },
] as const;

/**
 * Tries a whole operation on a fork, twice at different times, and takes it back.
 *
 * @returns What each step changes, by its id.
 * @throws {@link Fault} if a step fails, or changes what its act does not say that it may.
 */
export async function simulate(
  fork: Fork,
  names: StorageNames,
  steps: readonly PlannedStep[],
): Promise<ReadonlyMap<string, Outcome>> {
  const [one, other] = [await run(fork, names, steps, PACES[0]), await run(fork, names, steps, PACES[1])];
  const outcomes = new Map<string, Outcome>();
  for (const step of steps) {
    const [seen, seenLater] = [one.get(step.id)!, other.get(step.id)!];
    const changes = markTimes(seen, seenLater);
    const gasUsed = seen.gasUsed > seenLater.gasUsed ? seen.gasUsed : seenLater.gasUsed;
    outcomes.set(step.id, { changes, gasUsed });
  }
  return outcomes;
}

interface SeenRun extends Run {
  readonly gasUsed: bigint;
}

async function run(
  fork: Fork,
  names: StorageNames,
  steps: readonly PlannedStep[],
  pace: (typeof PACES)[number],
): Promise<Map<string, SeenRun>> {
  const seen = new Map<string, SeenRun>();
  const times: Record<string, number> = {};
  await fork.apart(async () => {
    let time = (await fork.now()) + pace.first;
    for (const step of steps.filter(({ branch }) => branch === "main")) {
      const earliest = step.notBefore === null ? 0 : times[step.notBefore.step]! + step.notBefore.seconds;
      time = Math.max(time, earliest) + pace.between;
      const outcome = await see(fork, names, step, time);
      times[step.id] = time;
      seen.set(step.id, { ...outcome, times: { ...times } });
    }
    for (const step of steps.filter(({ branch }) => branch === "ready")) {
      await fork.apart(async () => {
        await skipTo(fork, step.account, step.nonce);
        const outcome = await see(fork, names, step, time + pace.ready);
        seen.set(step.id, { ...outcome, times: { ...times, [step.id]: time + pace.ready } });
      });
    }
  });
  return seen;
}

async function see(fork: Fork, names: StorageNames, step: PlannedStep, time: number) {
  // A Safe's owners approve first, in blocks of their own; what is left of the time until then is theirs.
  const mined = await perform(fork, step, undefined, time).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(`The step ${step.id} (${step.title}) would fail:`, {
      details: error.message.split("\n"),
      cause: error,
    });
  });
  const changes = await changesOf(fork, names, mined);
  requireDeclared(step, changes);
  return { changes, gasUsed: mined.receipt.gasUsed };
}

/** What a transaction on the fork changed, named. */
export async function changesOf(
  fork: Fork,
  names: StorageNames,
  mined: Awaited<ReturnType<typeof perform>>,
): Promise<Change[]> {
  return readChanges(await fork.trace(mined), mined, names);
}

function requireDeclared({ id, mayChange: patterns }: PlannedStep, changes: readonly Change[]): void {
  const undeclared = changes.filter((change) => !mayChange(patterns, entryOf(change)));
  if (undeclared.length === 0) return;
  throw new Fault(`The step ${id} changes what it may not:`, {
    details: undeclared.map((change) => `${entryOf(change)} from ${change.before} to ${change.after}`),
  });
}
