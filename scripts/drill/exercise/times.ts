import Table from "cli-table3";

/** How long an incident took. Seconds of this machine. */
export interface Timings {
  readonly incident: string;
  readonly runbook: string;
  readonly happens: string;
  readonly alert?: string;
  /** From the cause to the webhook. */
  readonly causeToAlert?: number;
}

/** Of one that was played by its page. */
export interface PlayedTimings extends Timings {
  /** From the first command to the last of the runbook, checks included. */
  readonly commandsToRecovered: number;
  /** From the first command to the webhook that says it is over; nothing if the alert looks back for longer. */
  readonly commandsToResolved?: number;
}

/** Of one that people put right. */
export interface ByHandTimings extends Timings {
  /** From when they were told to when they left the shell. */
  readonly toldToLeft: number;
}

export function tableOf(timings: PlayedTimings | ByHandTimings): string {
  const table = new Table({
    head: ["from", "to", "took"],
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right"],
  });
  for (const [from, to, took] of rowsOf(timings))
    if (took !== undefined) table.push([from, to, `${took.toFixed(1)} s`]);
  return table.toString();
}

function rowsOf(timings: PlayedTimings | ByHandTimings): [string, string, number | undefined][] {
  const told = timings.alert ?? "the report";
  const woken: [string, string, number | undefined] = ["the cause", told, timings.causeToAlert];
  if ("toldToLeft" in timings) return [woken, [told, "leaving the shell", timings.toldToLeft]];
  const { commandsToRecovered, commandsToResolved } = timings;
  return [
    woken,
    ["the first command", "the last of the page", commandsToRecovered],
    ["the first command", `the end of ${told}`, commandsToResolved],
  ];
}
