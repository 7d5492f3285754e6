import type { Stage } from "./stage.js";

/** One thing that happens. */
export interface Step {
  readonly does: string;
  /** Does it, and makes sure that it came as it should. */
  readonly act: (stage: Stage) => Promise<void>;
}

/** A disaster to rehearse: data, one file each in `scenarios/`. */
export interface Scenario {
  readonly name: string;
  /** One sentence for those who choose. */
  readonly tells: string;
  readonly steps: readonly Step[];
  /** From the end of one step to the end of another no more time may go by than this. */
  readonly response: { readonly from: string; readonly to: string; readonly withinSeconds: number };
}
