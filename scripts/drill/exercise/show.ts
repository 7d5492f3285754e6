import { phase } from "../../start/screen.js";
import type { Incident } from "../incident.js";
import { IncidentStack } from "../stack/stack.js";
import type { Theatre } from "../theatre.js";
import { play } from "./play.js";
import { sentence } from "./telling.js";
import { tableOf, type PlayedTimings } from "./times.js";

/** Plays an incident for everybody to see, from its cause to the end of its page. */
export async function playForEverybody(incident: Incident, theatre: Theatre): Promise<PlayedTimings> {
  const stack = await openStack(incident, theatre);
  console.log(`\n${sentence(incident.happens)}`);
  const taken = await play(stack, incident, console.log);
  console.log(`\n${tableOf(taken)}`);
  return taken;
}

/** A stack that an incident can happen to, and what is being started for it, line by line. */
export const openStack = ({ daysAgo = 0 }: Incident, theatre: Theatre): Promise<IncidentStack> =>
  IncidentStack.start({ ...theatre, daysAgo, phase });
