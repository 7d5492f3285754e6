import { setTimeout as sleep } from "node:timers/promises";

import { Fault } from "../../../deploy/fault.js";
import { runbookPath, type Block } from "../../lib/pages/runbook.js";
import type { Known } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { missingLine } from "./seen.js";
import { indented, type Tell } from "./telling.js";

const PAUSE_MS = 500;

/** What a block of a page is typed with. */
export interface Typing {
  readonly stack: IncidentStack;
  /** The page, by its file's name. */
  readonly runbook: string;
  /** What whoever types has set besides what everybody has. */
  readonly known: Known;
  /** How long a block that is typed "again until" is typed again. */
  readonly untilSeconds: number;
  readonly tell: Tell;
}

/**
 * Types a block as it stands.
 *
 * @throws {@link Fault} if it does not show what the page says.
 */
export async function type(typing: Typing, block: Block): Promise<void> {
  const { stack, runbook, known, untilSeconds, tell } = typing;
  const variables = {
    ...stack.variables,
    ...known,
    ...(block.as !== undefined && stack.typing(block.as)),
  };
  tell(asTyped(block));
  const deadline = Date.now() + untilSeconds * 1000;
  for (;;) {
    const said = await stack.shell.run(block.commands, variables);
    const problem = problemOf(block, said);
    if (problem !== undefined && block.until && Date.now() < deadline) {
      await sleep(PAUSE_MS);
      continue;
    }
    if (said.printed.trim() !== "") tell(indented(said.printed));
    if (problem === undefined) return;
    throw new Fault(
      `${runbookPath(runbook)}, ${block.section}: this ${problem}:\n${block.commands}It printed:\n${said.printed}`,
    );
  }
}

/** As it stands on the page, and who types it until when. */
function asTyped({ commands, as, until }: Block): string {
  const who = as === undefined ? "" : `${as} `;
  const again = until ? "  # again until it shows what the page says" : "";
  return `\n${who}$ ${commands.trimEnd().replaceAll("\n", "\n> ")}${again}`;
}

/** How what was printed is not what the page says, or nothing if it is. */
function problemOf(
  { exits, seen }: Block,
  { code, printed }: { code: number; printed: string },
): string | undefined {
  if (code !== (exits ?? code)) return `ended with ${code}, not with ${exits}`;
  const line = missingLine(seen, printed);
  return line === undefined ? undefined : `did not show “${line}”`;
}
