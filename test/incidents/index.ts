import type { Incident } from "../support/incidents/incident.js";
import { strangePause } from "./pause.js";

/** All that goes wrong, in this order. */
export const INCIDENTS: readonly Incident[] = [strangePause];
