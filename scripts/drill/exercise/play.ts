import { Fault } from "../../../deploy/fault.js";
import { runbookPath, type Block } from "../../lib/pages/runbook.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { blocksFor, cause, type Happening } from "./happening.js";
import { expectAgreement } from "./recovery.js";
import { inWords, reported, seconds, type Tell } from "./telling.js";
import type { PlayedTimings } from "./times.js";
import { type } from "./typing.js";

const RESOLVED_SECONDS = 90;
const UNTIL_SECONDS = 90;

/**
 * Causes an incident, waits for its alert, does what the runbook says, and sees that all is well again.
 *
 * @param tell Shows what is typed and printed. Default: to nobody.
 * @throws {@link Fault} with what did not come as the page says.
 */
export async function play(
  stack: IncidentStack,
  incident: Incident,
  tell: Tell = () => {},
): Promise<PlayedTimings> {
  const happening = await cause(stack, incident);
  tellOf(happening, tell);
  await stack.shell.reopen();
  const beganAt = Date.now();
  await follow(happening, tell);
  const doneAt = Date.now();
  await incident.check?.(stack);
  const resolvedAt = await endOfAlert(happening, tell);
  await expectAgreement(stack);
  tell("\nThe read model agrees with the chain.");
  await incident.afterwards?.(stack);
  const { heard, causedAt } = happening;
  return {
    incident: incident.name,
    runbook: incident.runbook,
    happens: incident.happens,
    ...(heard && { alert: incident.alert!, causeToAlert: seconds(heard.at - causedAt) }),
    commandsToRecovered: seconds(doneAt - beganAt),
    ...(resolvedAt !== undefined && {
      commandsToResolved: seconds(Math.max(resolvedAt, beganAt) - beganAt),
    }),
  };
}

function tellOf({ incident, heard, causedAt, known }: Happening, tell: Tell): void {
  if (heard === undefined) tell(`\n${reported(incident)}\n  runbook: ${runbookPath(incident.runbook)}`);
  else {
    tell(`\nThe pager rings, ${seconds(heard.at - causedAt).toFixed(1)} s after it happened:`);
    for (const line of inWords(heard.alert)) tell(line);
  }
  for (const [name, value] of Object.entries(known)) tell(`  ${name}=${value}`);
}

/** Does what the page says, from the top. */
async function follow(happening: Happening, tell: Tell): Promise<void> {
  const { stack, incident, known } = happening;
  const typing = { stack, runbook: incident.runbook, known, untilSeconds: UNTIL_SECONDS, tell };
  let section = "";
  for (const block of blocksFor(happening)) {
    if (block.section !== section) tell(`\n${(section = block.section)}`);
    if (block.after !== undefined) {
      await stack.world.clock.pass(BigInt(block.after));
      tell(`\n(${block.after / 3600} hours pass on the chain.)`);
    }
    if (block.byHand === undefined) await type(typing, block);
    else await actByHand(happening, block, tell);
  }
}

async function actByHand({ stack, incident }: Happening, { byHand }: Block, tell: Tell): Promise<void> {
  const act = incident.byHand?.[byHand!];
  if (act === undefined)
    throw new Fault(
      `${runbookPath(incident.runbook)} has something done by hand, ${byHand}, and nobody does it.`,
    );
  tell(`\n(By hand: ${byHand}.)`);
  await act(stack);
}

/** When the pager was told that the alert is over, if that is soon. */
async function endOfAlert({ stack, incident, heard }: Happening, tell: Tell): Promise<number | undefined> {
  const { alert, ringsOn } = incident;
  if (heard === undefined) return undefined;
  if (ringsOn !== undefined) return void tell(`\n${alert} rings on: ${ringsOn}.`);
  const { at } = await stack.pager.hearEndOf(heard, RESOLVED_SECONDS);
  tell(`\nThe pager says that ${alert} is over.`);
  return at;
}
