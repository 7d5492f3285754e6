import type { Scenario } from "./scenario.js";
import { badUpgrade } from "./scenarios/bad-upgrade.js";

/** Every disaster that is rehearsed. */
export const SCENARIOS: readonly Scenario[] = [badUpgrade];
