import { Fault } from "../../../deploy/fault.js";
import { eventually } from "../../lib/eventually.js";
import { reconcileRunning } from "../../lib/reconcile/running.js";
import { sentenceOf } from "../../lib/reconcile/report.js";
import type { Known } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { blocksFor, type Happening } from "./happening.js";
import { type } from "./typing.js";

/** How long what is about to be well is waited for. */
const PATIENCE_SECONDS = 20;

/** What a page says under Verification. */
const VERIFICATION = "Verification";

/** @throws {@link Fault} if the read model differs from the chain. */
export async function expectAgreement({ suite, world, services }: IncidentStack): Promise<void> {
  const { result, scratch } = await reconcileRunning(suite.record, world.provider, services.api.url);
  scratch.close();
  if (result.findings.length === 0) return;
  throw new Fault("The read model and the chain differ:", { details: result.findings.map(sentenceOf) });
}

/**
 * Looks whether what happened is put right, however that was done: by what the page types under Verification, whether the
 * alert still rings, what else must hold, and whether the read model agrees with the chain.
 *
 * @param set What whoever answered has set since.
 * @returns What is still wrong, in whole sentences; none if all is well.
 */
export async function findTroubles(happening: Happening, set: Known = {}): Promise<string[]> {
  const { stack, incident } = happening;
  const [silent, verified, agreed] = await Promise.all([
    problemOf(() => expectEnd(happening)),
    problemOf(() => verify(happening, set)),
    // A writer that was started anew may still be catching up.
    problemOf(() => eventually(() => expectAgreement(stack), PATIENCE_SECONDS)),
  ]);
  // It may ask of people what only works when the page's own questions are answered well.
  const checked = verified ?? (await problemOf(() => incident.check?.(stack)));
  return [silent, checked, agreed].filter((problem) => problem !== undefined);
}

async function expectEnd({ stack, incident: { ringsOn }, heard }: Happening): Promise<void> {
  if (heard === undefined || ringsOn !== undefined) return;
  const { alertname } = heard.alert.labels;
  await stack.pager.hearEndOf(heard, PATIENCE_SECONDS).catch((cause: unknown) => {
    throw new Fault(`${alertname} rings still.`, { cause });
  });
}

async function verify(happening: Happening, set: Known): Promise<void> {
  const { stack, incident, known } = happening;
  await stack.shell.reopen();
  const typing = {
    stack,
    runbook: incident.runbook,
    known: { ...known, ...set },
    untilSeconds: PATIENCE_SECONDS,
    tell: () => {},
  };
  for (const block of blocksFor(happening)) if (block.section === VERIFICATION) await type(typing, block);
}

/** What something throws, as a sentence. */
async function problemOf(look: () => Promise<void> | undefined): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    return error instanceof Fault ? error.message : `It could not be told: ${(error as Error).message}`;
  }
}

/** Whether the page has something typed that shows that all is well; otherwise what it has people look at. */
export const leftToPeople = ({ runbook: { blocks, page } }: Happening): string | undefined =>
  blocks.some(({ section }) => section === VERIFICATION)
    ? undefined
    : page.sections.find(({ heading }) => heading === VERIFICATION)!.text;
