import { setTimeout as sleep } from "node:timers/promises";

import { untilIndexed } from "../../lib/indexer.js";
import { reconcileRunning } from "../../lib/reconcile/running.js";
import { sentenceOf } from "../../lib/reconcile/report.js";
import { eventually } from "../../lib/eventually.js";
import { readRunbook, runbookPath, type Block } from "../../lib/pages/runbook.js";
import type { Incident, Known } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { missingLine } from "./seen.js";

const ALERT_SECONDS = 90;
const RESOLVED_SECONDS = 90;
/** The longest that an alert rings on that an incident before waited for, because it looks back. */
const SILENCE_SECONDS = 400;
const UNTIL_SECONDS = 90;
const UNTIL_PAUSE_MS = 500;

/** How long an incident took. Seconds of this machine. */
export interface Timings {
  readonly runbook: string;
  readonly happens: string;
  readonly alert?: string;
  /** From the cause to the webhook. */
  readonly causeToAlert?: number;
  /** From the first command to the last of the runbook, checks included. */
  readonly commandsToRecovered: number;
  /** From the first command to the webhook that says it is over; nothing if the alert looks back for longer. */
  readonly commandsToResolved?: number;
}

/** Causes an incident, waits for its alert, does what the runbook says, and sees that all is well again. */
export async function play(stack: IncidentStack, incident: Incident): Promise<Timings> {
  const { runbook, happens, alert, ringsOn } = incident;
  const { blocks, needs } = await readRunbook(runbook);
  // What rings already cannot begin to ring.
  if (alert !== undefined) await eventually(() => expectSilence(stack, alert), SILENCE_SECONDS);
  const causedAt = Date.now();
  const known = (await incident.cause(stack)) ?? {};
  const unknown = needs.filter((name) => known[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`${runbook} needs ${unknown.join(", ")}, which the incident does not tell.`);

  const told = alert === undefined ? undefined : await hear(stack, alert, runbook, causedAt);
  // People report what they saw, which is later than the index has seen it.
  if (alert === undefined) await untilLevel(stack);
  await stack.shell.reopen();
  const beganAt = Date.now();
  for (const block of blocks) {
    if (block.when !== undefined && !incident.cases?.includes(block.when)) continue;
    if (block.byHand === undefined) await type(stack, runbook, block, known);
    else await byHand(stack, incident, block.byHand);
  }
  const doneAt = Date.now();
  await incident.check?.(stack);
  const resolved =
    alert === undefined || ringsOn !== undefined
      ? undefined
      : await stack.pager.hearEndOf(told!, RESOLVED_SECONDS);
  await expectAgreement(stack);
  return {
    runbook,
    happens,
    ...(told && { alert: alert!, causeToAlert: seconds(told.at - causedAt) }),
    commandsToRecovered: seconds(doneAt - beganAt),
    ...(resolved && { commandsToResolved: seconds(Math.max(resolved.at, beganAt) - beganAt) }),
  };
}

async function untilLevel({ services, suite, world }: IncidentStack): Promise<void> {
  await untilIndexed(services.api.url, suite.record.chainId, await world.provider.getBlockNumber());
}

function expectSilence({ pager }: IncidentStack, alert: string): void {
  if (pager.firing.includes(alert)) throw new Error(`${alert} rings still, of what was before.`);
}

async function hear(stack: IncidentStack, alert: string, runbook: string, after: number) {
  const heard = await stack.pager.hear("firing", alert, after, ALERT_SECONDS);
  const { runbook: named } = heard.alert.annotations;
  if (named !== runbookPath(runbook))
    throw new Error(`${alert} sends people to ${named}, not to ${runbookPath(runbook)}.`);
  return heard;
}

async function byHand(
  stack: IncidentStack,
  { runbook, byHand: acts }: Incident,
  name: string,
): Promise<void> {
  const act = acts?.[name];
  if (act === undefined)
    throw new Error(`${runbookPath(runbook)} has something done by hand, ${name}, and nobody does it.`);
  await act(stack);
}

async function type(stack: IncidentStack, runbook: string, block: Block, known: Known): Promise<void> {
  const variables = {
    ...stack.variables,
    ...known,
    ...(block.as !== undefined && {
      ME: stack.signerOf(block.as),
      MY_ADDRESS: stack.addressOf(block.as),
    }),
  };
  if (block.after !== undefined) await stack.world.clock.pass(BigInt(block.after));
  const deadline = Date.now() + UNTIL_SECONDS * 1000;
  for (;;) {
    const { code, printed } = await stack.shell.run(block.commands, variables);
    if (process.env.SHOW_INCIDENTS === "1") console.log(`$ ${block.commands}${printed}[${code}]`);
    const line = missingLine(block.seen, printed);
    const isExpected = code === (block.exits ?? code);
    if (isExpected && line === undefined) return;
    if (block.until && Date.now() < deadline) {
      await sleep(UNTIL_PAUSE_MS);
      continue;
    }
    const problem = isExpected ? `did not show “${line}”` : `ended with ${code}, not with ${block.exits}`;
    throw new Error(
      `${runbookPath(runbook)}, ${block.section}: this ${problem}:\n${block.commands}It printed:\n${printed}`,
    );
  }
}

/** @throws if the read model differs from the chain. */
async function expectAgreement({ suite, world, services }: IncidentStack): Promise<void> {
  const { result, scratch } = await reconcileRunning(suite.record, world.provider, services.api.url);
  scratch.close();
  if (result.findings.length === 0) return;
  throw new Error(`The read model and the chain differ:\n${result.findings.map(sentenceOf).join("\n")}`);
}

const seconds = (ms: number) => Math.round(ms / 100) / 10;
