import { glob } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { parseDuration } from "../../ops/arguments.js";
import { codeIn, readPage, sectionOf, type Page } from "./markdown.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = "docs/runbooks";

/** What the table at the head of a runbook says, in this order. */
export const FIELDS = ["owner", "severity", "trigger", "you need", "two people", "exercised by"] as const;
export type Field = (typeof FIELDS)[number];

/** The sections of a runbook, in this order. */
export const SECTIONS = [
  "Detection",
  "Immediate (L1)",
  "Recovery",
  "Escalation (L2)",
  "Verification",
  "Comms",
  "Post",
] as const;

/** Pages of the folder that are no runbooks. */
export const OTHER_PAGES = ["README", "comms", "roster", "severities", "exercise", "post-mortem"] as const;

/** A block of commands, with what is to be read after it; or what people do by hand. */
export interface Block {
  readonly section: string;
  readonly commands: string;
  /** What is done by hand here, by the name that the page gives it; then there are no commands. */
  readonly byHand?: string;
  /** Whoever types it, if not the one on call. */
  readonly as?: string;
  /** Only where this is the case. */
  readonly when?: string;
  /** Typed when so many seconds have passed on the chain. */
  readonly after?: number;
  /** What its last command exits with; nothing if that depends on what was before. */
  readonly exits?: number;
  /** Typed again and again until it ends well and shows what it should. */
  readonly until: boolean;
  /** Lines to be seen, in this order; `…` stands for anything. */
  readonly seen: readonly string[];
}

export interface Runbook {
  readonly name: string;
  readonly page: Page;
  readonly fields: Readonly<Record<Field, string>>;
  /** The alerts among its triggers. */
  readonly alerts: readonly string[];
  /** Variables that somebody has to set first. */
  readonly needs: readonly string[];
  readonly blocks: readonly Block[];
  /** Code that is neither to be run, nor to be seen, nor marked as for people: there should be none. */
  readonly strays: readonly string[];
}

/** The names of all runbooks. */
export async function runbookNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const file of glob(`${FOLDER}/*.md`, { cwd: ROOT })) names.push(path.basename(file, ".md"));
  return names.filter((name) => !OTHER_PAGES.some((other) => other === name)).sort();
}

/** Where a runbook stands, from the project's root. */
export const runbookPath = (name: string) => `${FOLDER}/${name}.md`;

export async function readRunbook(name: string): Promise<Runbook> {
  const page = await readPage(runbookPath(name));
  const fields = fieldsOf(page);
  const { blocks, strays } = blocksOf(page);
  return {
    name,
    page,
    fields,
    alerts: codeIn(fields.trigger).filter((code) => /^(Holdfast|Watchdog)/.test(code)),
    needs: codeIn(fields["you need"]).filter((code) => /^[A-Z_]+$/.test(code)),
    blocks,
    strays,
  };
}

/** The variables that whoever is on call has set already, from the table of the folder's README. */
export async function commonVariables(): Promise<string[]> {
  const { rows } = sectionOf(await readPage(`${FOLDER}/README.md`), "Before you are on call");
  return rows.map(([variable]) => codeIn(variable!)[0]!);
}

function fieldsOf({ path: file, text }: Page): Record<Field, string> {
  const rows = [...text.matchAll(/^\| \*\*([a-z ]+)\*\* +\|(.*)\|$/gm)].map(
    ([, name, value]) => [name!, value!.trim()] as const,
  );
  const names = rows.map(([name]) => name);
  if (names.join() !== FIELDS.join())
    throw new Error(`${file} tells ${names.join(", ")}, not ${FIELDS.join(", ")}.`);
  return Object.fromEntries(rows) as Record<Field, string>;
}

const FENCE = /^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm;

const BY_HAND = { commands: "", exits: 0, until: false, seen: [] } as const;

function blocksOf({ path: file, sections }: Page) {
  const blocks: Block[] = [];
  const strays: string[] = [];
  for (const { heading, text } of sections) {
    for (const [, language, info, code] of text.matchAll(FENCE)) {
      const [mark, ...marks] = info!.split(" ");
      if (language === "sh" && mark === "runbook") {
        blocks.push({ section: heading, commands: code!, ...marksOf(file, marks), seen: [] });
      } else if (language === "text" && mark === "seen" && blocks.at(-1)?.commands) {
        blocks[blocks.length - 1] = { ...blocks.at(-1)!, seen: code!.trimEnd().split("\n") };
      } else if (language === "text" && mark?.startsWith("manual=")) {
        const { when } = marksOf(file, marks);
        blocks.push({
          ...BY_HAND,
          section: heading,
          byHand: mark.slice("manual=".length),
          ...(when && { when }),
        });
      } else if (language !== "text" || mark !== "manual") strays.push(`${language} ${info}`.trim());
    }
  }
  return { blocks, strays };
}

function marksOf(file: string, marks: readonly string[]): Omit<Block, "section" | "commands" | "seen"> {
  const given = new Map(
    marks.filter(Boolean).map((mark) => {
      const [name, value] = mark.split("=");
      return [name!, value] as const;
    }),
  );
  const unknown = [...given.keys()].filter(
    (mark) => !["as", "when", "after", "exits", "until"].includes(mark),
  );
  if (unknown.length > 0)
    throw new Error(`${file} marks a block with ${unknown.join(", ")}, which means nothing.`);
  const [as, when, after] = [given.get("as"), given.get("when"), given.get("after")];
  return {
    ...(as !== undefined && { as }),
    ...(when !== undefined && { when }),
    ...(after !== undefined && { after: parseDuration(after, "after") }),
    ...(given.get("exits") !== "any" && { exits: Number(given.get("exits") ?? 0) }),
    until: given.has("until"),
  };
}
