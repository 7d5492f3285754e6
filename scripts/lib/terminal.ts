import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { Fault } from "../../deploy/fault.js";
import { howItEnded, stopProcess, tieToThisProcess } from "./processes.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HARDHAT = createRequire(import.meta.url)
  .resolve("hardhat")
  .replace("index.js", "cli.js");
const SESSION = fileURLToPath(new URL("terminal-session.ts", import.meta.url));

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the process of the commands is sent. */
export interface Typed {
  readonly words: readonly string[];
  /** Environment variables of this command alone. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Types the commands of this project as people do. All of them run one after the other in a process of their own, because
 * Hardhat takes seconds to load.
 */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /**
   * @param network What the commands name with `--network`.
   * @param variables Environment variables that are set for them.
   */
  constructor(
    private readonly network: string,
    variables: Readonly<Record<string, string>>,
  ) {
    this.#child = spawn(process.execPath, [HARDHAT, "run", "--no-compile", "--network", network, SESSION], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", ...variables },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    tieToThisProcess(this.#child);
    this.#ended = once(this.#child, "exit");
  }

  /**
   * Types a command and waits for its end.
   *
   * @param line `npx hardhat …`, with single or double quotes around what contains spaces.
   * @param exits The exit code that it has to end with.
   * @param variables What is set for this command alone.
   * @throws {@link Fault} with what it said if it ends otherwise.
   */
  async type(line: string, exits = 0, variables: Typed["variables"] = {}): Promise<Said> {
    const said = await this.run(wordsOf(line), variables);
    if (said.code === exits) return said;
    throw new Fault(`$ ${line}\nended with ${said.code} and not ${exits}. It said:`, {
      details: `${said.stdout}${said.stderr}`.trimEnd().split("\n"),
    });
  }

  /** As {@link type}, whatever it ends with. */
  try(line: string): Promise<Said> {
    return this.run(wordsOf(line));
  }

  /**
   * As {@link try}, of a command line that a shell has taken apart.
   *
   * @param variables What the shell set for this command alone.
   */
  async run(words: readonly string[], variables: Typed["variables"] = {}): Promise<Said> {
    const [npx, hardhat, ...args] = words;
    const named = args.indexOf("--network");
    if (npx !== "npx" || hardhat !== "hardhat" || args[named + 1] !== this.network || named < 0) {
      throw new Fault(
        `What is typed here is npx hardhat … --network ${this.network}, not ${words.join(" ")}.`,
      );
    }
    args.splice(named, 2);
    const answered = new Promise<Said>((resolve) => this.#child.once("message", resolve));
    this.#child.send({ words: args, variables } satisfies Typed);
    const said = await Promise.race([answered, this.#ended.then(() => undefined)]);
    if (said !== undefined) return said;
    throw new Fault(`The process of the commands ${howItEnded(this.#child)} at: ${words.join(" ")}`);
  }

  async stop(): Promise<void> {
    await stopProcess(this.#child, 1_000);
  }
}

/** The words of a command line. Quotes keep spaces together; there is no escaping and nothing is expanded. */
export const wordsOf = (line: string): string[] =>
  Array.from(
    line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
    ([, single, double, plain]) => single ?? double ?? plain!,
  );
