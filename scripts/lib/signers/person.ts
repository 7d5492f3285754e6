import { createInterface } from "node:readline";
import { Writable } from "node:stream";

import { Fault } from "../../../deploy/fault.js";

/** Whoever sits at the keyboard, next to the device. */
export interface Person {
  tell(sentence: string): void;
  /**
   * Asks for something that is not to be seen on the screen.
   *
   * @throws {@link Fault} when the person gives up (Ctrl-C, Ctrl-D) or `signal` ends the question.
   */
  askSecret(question: string, signal: AbortSignal): Promise<string>;
}

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** On stderr, so that what a command prints for machines stays alone on stdout. */
export function personAt(
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Person {
  return {
    tell: (sentence) => void output.write(`${sentence}\n`),
    askSecret: (question, signal) =>
      new Promise((resolve, reject) => {
        output.write(`${question} `);
        // readline echoes what is typed to its output: to nowhere, here.
        const echo = new Writable({ write: (_chunk, _encoding, written) => written() });
        const terminal = "isTTY" in input && input.isTTY === true;
        const lines = createInterface({ input, output: echo, terminal });
        const giveUp = () => lines.close();
        signal.addEventListener("abort", giveUp);
        lines.once("SIGINT", giveUp);
        lines.once("line", (line) => {
          resolve(line);
          lines.close();
        });
        lines.once("close", () => {
          signal.removeEventListener("abort", giveUp);
          output.write("\n");
          reject(new Fault("The question was not answered."));
        });
      }),
  };
}
