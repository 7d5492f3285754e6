import { Fault } from "../../deploy/fault.js";
import { describeRecord, type WrittenRecord } from "../lib/compliance/record.js";

export interface LiftingArguments {
  readonly liftBlock?: boolean;
  readonly yes?: boolean;
}

/**
 * Whoever types `--yes` may not know that there is a block: it takes a word of its own to lift it, or a person who types it.
 *
 * @throws {@link Fault} if it was not said, or was said where there is none to lift.
 */
export function requireWordOf(
  { liftBlock, yes }: LiftingArguments,
  lifts: boolean,
  before: WrittenRecord,
): void {
  if (lifts && yes && !liftBlock)
    throw new Fault(
      `The account is ${describeRecord(before)}, and this would lift the block: legal is asked before that. Then add ` +
        "--lift-block, or leave --yes out and confirm it by typing. Nothing was sent.",
    );
  if (liftBlock && !lifts)
    throw new Fault("--lift-block: this lifts no block. Leave it out where there is none. Nothing was sent.");
}

/** What is said, and what is to be typed, before a record is written: another word for the lifting of a block. */
export const questionOf = (account: string, change: string, lifted: WrittenRecord | undefined) =>
  lifted === undefined
    ? { sentence: change, confirmedBy: account.slice(0, 10) }
    : {
        sentence: `LIFT THE BLOCK of ${account}, which is ${describeRecord(lifted)}: ${change}`,
        confirmedBy: `lift ${account.slice(0, 10)}`,
      };

/** @throws {@link Fault} if somebody else wrote the record since it was shown: this would undo what nobody has seen. */
export function requireUnchanged(shown: WrittenRecord, now: WrittenRecord): void {
  if (now.revision === shown.revision) return;
  throw new Fault(
    `Somebody wrote this record meanwhile: it is ${describeRecord(now)} now. Look at it and type this again. Nothing was sent.`,
  );
}
