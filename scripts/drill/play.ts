import Table from "cli-table3";

import { Fault } from "../../deploy/fault.js";
import { phase } from "../start/screen.js";
import type { Scenario } from "./scenario.js";
import type { Stage } from "./stage.js";

/** How long a scenario took. Seconds of this machine, whatever time passed on the chain. */
export interface Timings {
  readonly scenario: string;
  readonly steps: readonly { readonly does: string; readonly seconds: number }[];
  /** From the end of its first step to the end of its last. */
  readonly response: { readonly from: string; readonly to: string; readonly seconds: number };
}

/**
 * Plays a scenario to its end.
 *
 * @throws {@link Fault} with the step that did not come as it should, or if the response took too long.
 */
export async function play({ name, steps, response }: Scenario, stage: Stage): Promise<Timings> {
  const taken: { does: string; seconds: number }[] = [];
  for (const { does, act } of steps) {
    const startedAt = performance.now();
    await phase(does, () => act(stage)).catch((cause: Error) => {
      throw new Fault(`The drill failed where this was to happen: ${does}. ${cause.message}`, { cause });
    });
    taken.push({ does, seconds: round((performance.now() - startedAt) / 1000) });
  }
  const { from, to, withinSeconds } = response;
  const [first, last] = [from, to].map((end) => taken.findIndex(({ does }) => does === end)) as [
    number,
    number,
  ];
  const seconds = round(taken.slice(first + 1, last + 1).reduce((sum, step) => sum + step.seconds, 0));
  if (seconds > withinSeconds) {
    throw new Fault(
      `The response took ${seconds} s, more than ${withinSeconds} s: from “${from}” to “${to}”.`,
    );
  }
  return { scenario: name, steps: taken, response: { from, to, seconds } };
}

export function formatTimings({ steps, response: { from, to, seconds } }: Timings): string {
  const table = new Table({
    head: ["", "what", "took"],
    style: { head: [], border: [] },
    colAligns: ["right", "left", "right"],
  });
  steps.forEach(({ does, seconds: took }, i) => table.push([i + 1, does, `${took.toFixed(1)} s`]));
  return `${table.toString()}\nFrom “${from}” to “${to}”: ${seconds.toFixed(1)} s.`;
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;
