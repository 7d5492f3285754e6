import { getAddress } from "ethers";

import type { Collecting } from "./consents.js";
import { contained, isUnreadable } from "./contained.js";
import type { OperationFolder } from "./folder.js";
import { LogPatience } from "./log-patience.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { isInForce } from "./in-force.js";
import { hindrancesOf, type Looking } from "./readiness.js";
import { remembering } from "./remembering.js";
import { readRegister, sayElsewhere } from "./register.js";
import type { ProxyName, Suite } from "./suite.js";
import { findDelay } from "./try-out.js";
import { PAUSE_BITS, type PauseBit } from "./units.js";

/** How to look for it. */
export interface Finding {
  /** Where the operations are, if not in `deploy/operations/`. */
  readonly directory?: string;
  /** Who would send it, and where else its signatures may be. */
  readonly collecting?: Collecting;
  /** How long it waits for logs, and whoever goes on with what it finds. */
  readonly logs?: LogPatience;
  /** Told of operations that cannot be looked at. */
  readonly tell?: (sentence: string) => void;
}

/** What is asked for: does a call that was signed beforehand do just that? */
export type Wanted = (call: Step["call"]) => boolean;

/** Something that was signed beforehand, and works right now or was done already. */
export interface Kept {
  readonly operation: OperationFolder;
  readonly opened: OpenManifest;
  readonly step: Step;
  /** That it was carried out and still holds. */
  readonly isDone: boolean;
}

/** A rollback of that proxy, from whatever runs there. */
export const aRollback =
  ({ record }: Suite, proxy: ProxyName): Wanted =>
  ({ function: name, arguments: [target] }) =>
    name === "rollback(address)" && target!.value === getAddress(record.contracts[proxy].address);

/** A pause of those parts and no others, for that long. Its reason is the one that it was signed with. */
export const aPause = (bits: readonly PauseBit[], seconds: number): Wanted => {
  const sum = bits.reduce((all, bit) => all | PAUSE_BITS[bit], 0);
  return ({ function: name, arguments: args }) =>
    name === "pause(uint8,uint32,string)" &&
    args[0]!.value === String(sum) &&
    args[1]!.value === String(seconds);
};

/**
 * Finds what was signed beforehand with an earlier operation, does what is wanted, and would work right now: that of the
 * latest operation, and of its rungs the one whose turn it is. Where that was carried out and still holds, it is found
 * again, and not the next rung: the same command typed twice does it once.
 *
 * What cannot be looked at is told, and hides nothing else.
 */
export async function findKept(
  given: Suite,
  wanted: Wanted,
  { directory, collecting, logs = new LogPatience(), tell = () => {} }: Finding = {},
): Promise<Kept | undefined> {
  const suite = remembering(given);
  const { provider } = suite.connection.ethers;
  const { operations, unreadable } = await readRegister(provider, suite.record, directory, {
    ...{ isUrgent: true, logs },
    isNeeded: ({ branch, call }) => branch === "ready" && wanted(call),
  });
  for (const { problem } of unreadable) tell(problem);
  const candidates: Candidate[] = [];
  for (const { operation, opened, progress, standing } of operations.toReversed()) {
    if (standing === "elsewhere") {
      tell(sayElsewhere(operation));
      continue;
    }
    const steps = opened.manifest.steps.filter(({ branch, call }) => branch === "ready" && wanted(call));
    for (const step of steps)
      candidates.push({ provider, record: suite.record, operation, opened, step, progress });
  }
  return (await findDone(candidates, tell)) ?? (await findWorking(candidates, tell, collecting));
}

type Candidate = Looking & Pick<Kept, "operation">;
type Tell = (sentence: string) => void;

/** Before anything is sent, of all operations: a rung of another one may have become the next by what was sent. */
async function findDone(candidates: readonly Candidate[], tell: Tell): Promise<Kept | undefined> {
  for (const { operation, progress, ...done } of candidates) {
    const { opened, step } = done;
    const line = progress.carriedOut.find((one) => one.step === step.id);
    if (line === undefined) continue;
    const found = await contained(operation, async () => ({ holds: await isInForce({ ...done, line }) }));
    // What nobody can tell keeps nobody from the next.
    if (isUnreadable(found)) tell(found.problem);
    else if (found.holds) return { operation, opened, step, isDone: true };
  }
  return undefined;
}

async function findWorking(
  candidates: readonly Candidate[],
  tell: Tell,
  collecting?: Collecting,
): Promise<Kept | undefined> {
  for (const { operation, ...looking } of candidates) {
    const { provider, opened, step } = looking;
    const hindrances = await contained(operation, () => hindrancesOf(looking, collecting));
    if (isUnreadable(hindrances)) tell(hindrances.problem);
    else if (hindrances.length === 0) {
      const delay = await findDelay(provider, opened, step);
      if (delay !== undefined) tell(delay);
      return { operation, opened, step, isDone: false };
    }
  }
  return undefined;
}
