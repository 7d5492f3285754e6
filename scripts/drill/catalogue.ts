import { Fault } from "../../deploy/fault.js";
import { runbookPath } from "../lib/pages/runbook.js";
import { answerByHand } from "./by-hand/by-hand.js";
import { requireTypist } from "./by-hand/typist.js";
import { playForEverybody } from "./exercise/show.js";
import { sentence } from "./exercise/telling.js";
import type { Incident } from "./incident.js";
import { INCIDENTS } from "./incidents/index.js";
import { rehearse } from "./rehearse.js";
import { SCENARIOS } from "./scenarios.js";
import { whatIsMissing } from "./stack/missing.js";
import type { Theatre } from "./theatre.js";

/** Plays what was chosen. Returns how long it took, to be written down. */
export type Performance = (theatre: Theatre) => Promise<object>;

/** One line each: what can be played, what it is, and the page that answers it. */
export const catalogue = (): string[] => [
  ...SCENARIOS.map(({ name, tells }) => `${name}: ${tells}.`),
  ...INCIDENTS.map(({ name, happens, runbook, unavailable }) => {
    const why = unavailable === undefined ? "" : `, not here: ${unavailable}`;
    return `${name}: ${sentence(happens)} (${runbookPath(runbook)}${why})`;
  }),
];

/** @throws {@link Fault} that tells what there is, or why it cannot be played here. */
export function choose(name: string, byHand: boolean): Performance {
  const incident = INCIDENTS.find((one) => one.name === name);
  if (incident !== undefined) {
    requirePlayable(incident);
    if (!byHand) return (theatre) => playForEverybody(incident, theatre);
    const typist = requireTypist();
    return (theatre) => answerByHand(incident, typist, theatre);
  }
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Fault(`There is no scenario ${name}:`, { details: catalogue() });
  if (byHand) throw new Fault(`${name} is played by itself only: nothing of it is left to be done by hand.`);
  return (theatre) => rehearse(scenario, theatre);
}

function requirePlayable({ name, unavailable }: Incident): void {
  const missing = unavailable === undefined ? whatIsMissing() : [unavailable];
  if (missing.length > 0) throw new Fault(`${name} cannot be played on this machine:`, { details: missing });
}
