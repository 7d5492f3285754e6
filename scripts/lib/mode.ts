import hre from "hardhat";

import { modeOf, type Mode } from "./mode/mode.js";
import { Fault } from "../../deploy/fault.js";
import { refusal } from "../../deploy/mode.js";

export type { Mode } from "./mode/mode.js";

/** What this process may do: the stricter of `--mode` and HOLDFAST_MODE; `live` if neither is there. */
export const mode = (): Mode => modeOf(hre.globalOptions.mode, process.env);

/**
 * Whether to write what comes next.
 *
 * @param what Names what would be written, for the sentence.
 * @returns False in a dry run, whose caller says what it would have done.
 * @throws {@link Fault} if this is read-only.
 */
export function mayWrite(what: string): boolean {
  const present = mode();
  if (present === "read-only") throw new Fault(refusal(what, present));
  return present === "live";
}

/** @throws {@link Fault} unless this is live. For what has no dry run. */
export function requireLive(what: string): void {
  const present = mode();
  if (present !== "live") throw new Fault(refusal(what, present));
}

/** Whether to keep what was found in a record: a look works in every mode, and leaves a trace only when live. */
export const keepsRecords = (): boolean => mode() === "live";
