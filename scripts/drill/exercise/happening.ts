import { Fault } from "../../../deploy/fault.js";
import { eventually } from "../../lib/eventually.js";
import { untilIndexed } from "../../lib/indexer.js";
import { readRunbook, runbookPath, type Block, type Runbook } from "../../lib/pages/runbook.js";
import type { Incident, Known } from "../incident.js";
import type { Heard } from "../stack/pager.js";
import type { IncidentStack } from "../stack/stack.js";

const ALERT_SECONDS = 90;
/** The longest that an alert rings on that an incident before waited for, because it looks back. */
const SILENCE_SECONDS = 400;

/** An incident that has happened, and of which somebody was told. */
export interface Happening {
  readonly stack: IncidentStack;
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** What whoever follows the runbook has to know. */
  readonly known: Known;
  readonly causedAt: number;
  /** What woke people; nothing if other people did. */
  readonly heard?: Heard;
}

/** Waits until nothing rings that would hide an incident, causes it, and waits until somebody would know. */
export async function cause(stack: IncidentStack, incident: Incident): Promise<Happening> {
  const { alert } = incident;
  const runbook = await readRunbook(incident.runbook);
  // What rings already cannot begin to ring.
  if (alert !== undefined) await eventually(() => expectSilence(stack, alert), SILENCE_SECONDS);
  const causedAt = Date.now();
  const known = (await incident.cause(stack)) ?? {};
  const unknown = runbook.needs.filter((name) => known[name] === undefined);
  if (unknown.length > 0)
    throw new Fault(`${incident.runbook} needs ${unknown.join(", ")}, which the incident does not tell.`);
  const happening = { stack, incident, runbook, known, causedAt };
  if (alert !== undefined) return { ...happening, heard: await hear(stack, alert, runbook.name, causedAt) };
  // People report what they saw, which is later than the index has seen it.
  await untilLevel(stack);
  return happening;
}

/** The blocks of the page that are for this incident. */
export const blocksFor = ({ runbook, incident }: Happening): Block[] =>
  runbook.blocks.filter(({ when }) => when === undefined || incident.cases?.includes(when));

async function untilLevel({ services, suite, world }: IncidentStack): Promise<void> {
  await untilIndexed(services.api.url, suite.record.chainId, await world.provider.getBlockNumber());
}

function expectSilence({ pager }: IncidentStack, alert: string): void {
  if (pager.firing.includes(alert)) throw new Fault(`${alert} rings still, of what was before.`);
}

async function hear(stack: IncidentStack, alert: string, runbook: string, after: number): Promise<Heard> {
  const heard = await stack.pager.hear("firing", alert, after, ALERT_SECONDS);
  const { runbook: named } = heard.alert.annotations;
  if (named !== runbookPath(runbook))
    throw new Fault(`${alert} sends people to ${named}, not to ${runbookPath(runbook)}.`);
  return heard;
}
