import { fstatSync } from "node:fs";
import { isatty } from "node:tty";

import { Fault } from "../../../deploy/fault.js";

/** Who types: a person at a terminal, or commands that come through a pipe or from a file. */
export type Typist = "person" | "commands";

/** @throws {@link Fault} if nobody can type anything. */
export function requireTypist(): Typist {
  if (isatty(0)) return "person";
  if (bringsCommands()) return "commands";
  throw new Fault(
    "--by-hand opens a shell, and nobody can type into it: start it in a terminal, or pipe the commands into it.",
  );
}

function bringsCommands(): boolean {
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    // Closed.
    return false;
  }
}
