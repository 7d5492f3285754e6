import type { Happening } from "../exercise/happening.js";
import { inWords, reported, seconds } from "../exercise/telling.js";

/** Whose keys the shell has until it is told otherwise. */
export const FIRST_TYPIST = "GUARDIAN-1";

/** What people are told when they are called, and what their shell knows. */
export function greeting(happening: Happening): string {
  const { incident, heard, causedAt } = happening;
  const told =
    heard === undefined
      ? reported(incident)
      : [
          `The pager rings, ${seconds(heard.at - causedAt).toFixed(1)} s after it happened:`,
          ...inWords(heard.alert),
        ].join("\n");
  return `${told}\n\n${briefing(happening)}`;
}

/** How the shell of an exercise differs from that of whoever is on call. */
function briefing({ known, incident }: Happening): string {
  const needed = Object.entries(known).map(([name, value]) => `  export ${name}=${value}`);
  const people =
    incident.byHand === undefined
      ? []
      : ["  drill people            what the page leaves to people: lists it, and has it done"];
  return [
    "You are on call: docs/runbooks/README.md says where to begin. This is a shell in the checkout, with the variables of",
    `that page set. In it:`,
    "  npx hardhat … --network $NETWORK",
    "                          is the real one. Parameters, records and operations, on pages under deploy/, stand in",
    "                          $HOLDFAST_DEPLOY_DIR",
    "  docker compose …        is played: the same processes, without containers",
    `  drill as GUARDIAN-2     sets $ME and $MY_ADDRESS to another's; now they are ${FIRST_TYPIST}'s`,
    "  drill pass 2d           lets time go by on the chain",
    "  drill pager             tells all that the pager was told",
    ...people,
    "  drill check             looks whether all is well",
    "  exit                    ends the exercise with that look",
    ...(needed.length === 0 ? [] : ["What the page needs:", ...needed]),
  ].join("\n");
}
