import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";

import { own } from "../../lib/own.js";
import type { Said } from "../../lib/terminal.js";

/** Carries out a command that a shell meets. */
export type Program = (words: readonly string[], variables: NodeJS.ProcessEnv) => Promise<Said>;

/** What stands on the PATH in the place of a program: passes on what it was called with, and ends as it is told. */
const SCRIPT = `#!/usr/bin/env node
const { basename } = require("node:path");
const { request } = require("node:http");
const { json } = require("node:stream/consumers");
const body = JSON.stringify({ program: basename(process.argv[1]), words: process.argv.slice(2), variables: process.env });
const asking = request({ socketPath: process.env.STAND_IN_SOCKET, method: "POST" }, async (answer) => {
  const { code, stdout, stderr } = await json(answer);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
});
asking.on("error", ({ message }) => {
  process.stderr.write("The drill does not answer any more: " + message + "\\n");
  process.exitCode = 127;
});
asking.end(body);
`;

/**
 * Programs of a shell that are played by functions of this process. They listen on a socket in a directory that only its
 * owner can enter: whoever can call them can do what they do.
 */
export class StandIns {
  readonly #server: Server;

  private constructor(
    private readonly directory: string,
    private readonly programs: Readonly<Record<string, Program>>,
  ) {
    this.#server = createServer((request, response) => {
      void json(request).then(async (call) => response.end(JSON.stringify(await this.#run(call as Call))));
    });
  }

  /** @param directory Where they are to stand, which is made. */
  static async open(directory: string, programs: Readonly<Record<string, Program>>): Promise<StandIns> {
    const standIns = new StandIns(directory, programs);
    await mkdir(directory, { mode: 0o700 });
    for (const program of Object.keys(programs)) {
      const file = path.join(directory, program);
      await writeFile(file, SCRIPT);
      await chmod(file, 0o755);
    }
    await new Promise<void>((listening) => standIns.#server.listen(standIns.#socket, listening));
    return standIns;
  }

  /** What a shell has to have set to meet them before the programs that are there. */
  get variables(): Readonly<Record<"PATH" | "STAND_IN_SOCKET", string>> {
    return {
      PATH: [this.directory, path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      STAND_IN_SOCKET: this.#socket,
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  get #socket(): string {
    return path.join(this.directory, "socket");
  }

  async #run({ program, words, variables }: Call): Promise<Said> {
    const played = own(this.programs, program);
    if (played === undefined) return failed(`${program} is not played here.`);
    return await played(words, variables).catch(({ message }: Error) => failed(message));
  }
}

interface Call {
  readonly program: string;
  readonly words: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
}

const failed = (sentence: string): Said => ({ code: 127, stdout: "", stderr: `${sentence}\n` });
