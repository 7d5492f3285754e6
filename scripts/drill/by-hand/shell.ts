import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { howItEnded, stopProcess, tieToThisProcess } from "../../lib/processes.js";
import type { Running } from "../../lib/running.js";
import type { Known } from "../incident.js";
import { ROOT, TYPING } from "../stack/shell.js";
import type { IncidentStack } from "../stack/stack.js";
import { StandIns, type Program } from "../stack/stand-ins.js";
import { FIRST_TYPIST } from "./greeting.js";
import type { Typist } from "./typist.js";

const GRACE_MS = 1_000;

/** What a shell that people answer an incident in is opened with. */
export interface ShellOptions {
  readonly stack: IncidentStack;
  readonly typist: Typist;
  readonly running: Running;
  /** The program of that name. */
  readonly drill: Program;
}

/** Opens a shell on this process's own terminal or input, and waits until it is left. Returns what was set in the end. */
export async function openShell({ stack, typist, running, drill }: ShellOptions): Promise<Known> {
  const standIns = running.keep(
    await StandIns.open(path.join(stack.directory, "by-hand"), { docker: stack.compose.run, drill }),
  );
  const setAtTheEnd = path.join(stack.directory, "set");
  const startup = path.join(stack.directory, "startup.sh");
  await writeFile(startup, startupOf(Object.keys(stack.variables)));
  const isPerson = typist === "person";
  const child = spawn("bash", isPerson ? ["--rcfile", startup, "-i"] : ["--norc"], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...stack.suite.variables,
      ...stack.variables,
      ...stack.typing(FIRST_TYPIST),
      ...TYPING,
      ...standIns.variables,
      ...(isPerson ? {} : { BASH_ENV: startup }),
      SET_AT_THE_END: setAtTheEnd,
    },
    stdio: "inherit",
    // Of what a person runs, their own shell has command; what is piped is ended as a whole.
    detached: !isPerson,
  });
  tieToThisProcess(child);
  running.keep({ stop: () => hangUp(child, isPerson) });
  await once(child, "close");
  return await readSet(setAtTheEnd);
}

/** Ends the shell and what it runs. */
async function hangUp(child: ChildProcess, isPerson: boolean): Promise<void> {
  if (howItEnded(child)) return;
  // That of a person passes it on.
  if (!isPerson) process.kill(-child.pid!, "SIGHUP");
  await stopProcess(child, GRACE_MS, "SIGHUP");
}

/** What bash reads before anything is typed. */
const startupOf = (names: readonly string[]) => `PS1='(drill) \\w\\$ '
HISTFILE=
unset BASH_ENV
# Only the shell itself can set what it has.
drill() {
  if [ "\${1-}" != as ]; then command drill "$@"; return; fi
  local set
  set=$(command drill "$@") && eval "$set"
}
trap 'for name in ${names.join(" ")}; do printf "%s=%s\\0" "$name" "\${!name-}"; done > "$SET_AT_THE_END"' EXIT
`;

async function readSet(file: string): Promise<Known> {
  // Whoever ends the shell hard leaves nothing behind.
  const text = await readFile(file, "utf8").catch(() => "");
  const entries = text.split("\0").filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}
