import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import type { Said } from "../../lib/terminal.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Carries out a command that the shell meets. */
type Program = (words: readonly string[], variables: NodeJS.ProcessEnv) => Promise<Said>;

/** What stands on the PATH in the place of a program: passes on what it was called with, and ends as it is told. */
const STAND_IN = `#!/usr/bin/env node
const { basename } = require("node:path");
const body = JSON.stringify({ program: basename(process.argv[1]), words: process.argv.slice(2), variables: process.env });
fetch(process.env.STAND_IN_URL, { method: "POST", body })
  .then((answer) => answer.json())
  .then(({ code, stdout, stderr }) => {
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = code;
  });
`;

/**
 * The shell of somebody on call. It is bash; what one block exports the next one knows. Some programs are played by
 * functions of the test: those that would take seconds to load, or that need what is not there.
 */
export class Shell {
  readonly #server: Server;

  private constructor(
    private readonly directory: string,
    private readonly programs: Readonly<Record<string, Program>>,
  ) {
    this.#server = createServer((request, response) => {
      void (async () => {
        const { program, words, variables } = (await json(request)) as {
          program: string;
          words: string[];
          variables: NodeJS.ProcessEnv;
        };
        const said = await this.programs[program]!(words, variables).catch((error: Error) => ({
          code: 127,
          stdout: "",
          stderr: `${error.message}\n`,
        }));
        response.end(JSON.stringify(said));
      })();
    });
  }

  static async open(directory: string, programs: Readonly<Record<string, Program>>): Promise<Shell> {
    const shell = new Shell(directory, programs);
    await mkdir(shell.#bin, { recursive: true });
    for (const program of Object.keys(programs)) {
      await writeFile(path.join(shell.#bin, program), STAND_IN);
      await chmod(path.join(shell.#bin, program), 0o755);
    }
    await new Promise<void>((listening) => shell.#server.listen(0, "127.0.0.1", listening));
    return shell;
  }

  get #bin(): string {
    return path.join(this.directory, "bin");
  }

  get #exported(): string {
    return path.join(this.directory, "exported");
  }

  /** A new window: nothing is exported in it. */
  async reopen(): Promise<void> {
    await rm(this.#exported, { force: true });
  }

  /** Runs a block of commands. Returns all that it printed, and how it ended. */
  async run(
    commands: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<{ code: number; printed: string }> {
    // What is given may be another from block to block.
    const keep = `unset ${Object.keys(variables).join(" ")}; export -p > ${this.#exported}`;
    const script = [`[ ! -e ${this.#exported} ] || . ${this.#exported}`, `trap '${keep}' EXIT`, commands];
    const child = spawn("bash", ["-euo", "pipefail", "-c", script.join("\n")], {
      cwd: ROOT,
      env: {
        ...process.env,
        ...variables,
        NO_COLOR: "1",
        NODE_OPTIONS: "",
        PSQLRC: "/dev/null",
        PATH: `${this.#bin}:${path.dirname(process.execPath)}:${process.env.PATH}`,
        STAND_IN_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (printed += data.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, printed };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
