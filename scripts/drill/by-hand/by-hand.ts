import { cause } from "../exercise/happening.js";
import { findTroubles, leftToPeople } from "../exercise/recovery.js";
import { openStack } from "../exercise/show.js";
import { seconds } from "../exercise/telling.js";
import { tableOf, type ByHandTimings } from "../exercise/times.js";
import type { Incident } from "../incident.js";
import { phase } from "../../start/screen.js";
import type { IncidentStack } from "../stack/stack.js";
import type { Theatre } from "../theatre.js";
import { greeting } from "./greeting.js";
import { Leader } from "./leader.js";
import { openShell } from "./shell.js";
import type { Typist } from "./typist.js";
import { verdict } from "./verdict.js";

/**
 * Causes an incident, tells people no more than they would be told, and gives them a shell until they leave it. The exit
 * code is 1 if something is wrong then.
 */
export async function answerByHand(
  incident: Incident,
  typist: Typist,
  theatre: Theatre,
): Promise<ByHandTimings> {
  const stack = await openStack(incident, theatre);
  if (!incident.chainStands) theatre.running.keep(heartbeat(stack));
  const happening = await phase("Waiting until somebody would know", () => cause(stack, incident));
  const { heard, causedAt } = happening;
  console.log(`\n${greeting(happening)}\n`);
  const toldAt = heard?.at ?? Date.now();
  const set = await openShell({
    stack,
    typist,
    running: theatre.running,
    drill: new Leader(happening).answer,
  });
  const leftAt = Date.now();
  const troubles = await phase("Looking whether all is well", () => findTroubles(happening, set));
  console.log(verdict(troubles, leftToPeople(happening)));
  if (troubles.length > 0) process.exitCode = 1;
  const taken = {
    incident: incident.name,
    runbook: incident.runbook,
    happens: incident.happens,
    ...(heard && { alert: incident.alert!, causeToAlert: seconds(heard.at - causedAt) }),
    toldToLeft: seconds(leftAt - toldAt),
  };
  console.log(tableOf(taken));
  return taken;
}

const HEARTBEAT_MS = 4_000;

/** A block now and then, as on any chain: one that stands still wakes people for a reason of its own. */
function heartbeat(stack: IncidentStack) {
  // What it meets while everything is being stopped is nobody's concern.
  const timer = setInterval(() => void stack.mine(1).catch(() => {}), HEARTBEAT_MS);
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
  return { stop: async () => clearInterval(timer) };
}
