import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { tieToThisProcess } from "../../lib/processes.js";
import { StandIns, type Program } from "./stand-ins.js";

/** Where everything is typed: the checkout. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What whoever types has set, whatever this process was started with. */
export const TYPING = { NODE_OPTIONS: "", PSQLRC: "/dev/null" };

/**
 * The shell of somebody on call. It is bash; what one block exports the next one knows. Some programs are played by
 * functions of this process: those that would take seconds to load, or that need what is not there.
 */
export class Shell {
  private constructor(
    private readonly directory: string,
    private readonly standIns: StandIns,
  ) {}

  static async open(directory: string, programs: Readonly<Record<string, Program>>): Promise<Shell> {
    return new Shell(directory, await StandIns.open(path.join(directory, "bin"), programs));
  }

  /** Where what is exported is kept, as commands that export it again. */
  get exported(): string {
    return path.join(this.directory, "exported");
  }

  /** A new window: nothing is exported in it. */
  async reopen(): Promise<void> {
    await rm(this.exported, { force: true });
  }

  /** Runs a block of commands. Returns all that it printed, and how it ended. */
  async run(
    commands: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<{ code: number; printed: string }> {
    // What is given may be another from block to block.
    const keep = `unset ${Object.keys(variables).join(" ")}; export -p > ${this.exported}`;
    const script = [`[ ! -e ${this.exported} ] || . ${this.exported}`, `trap '${keep}' EXIT`, commands];
    const child = spawn("bash", ["-euo", "pipefail", "-c", script.join("\n")], {
      cwd: ROOT,
      env: { ...process.env, ...variables, ...TYPING, NO_COLOR: "1", ...this.standIns.variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    tieToThisProcess(child);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (printed += data.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, printed };
  }

  async stop(): Promise<void> {
    await this.standIns.stop();
  }
}
