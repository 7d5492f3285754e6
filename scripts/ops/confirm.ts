import { createInterface } from "node:readline/promises";

import { Fault } from "../../deploy/fault.js";

/**
 * Asks a person to type something before anything is sent: on stderr, so that stdout stays for what a machine reads.
 *
 * @throws {@link Fault} unless that very text was typed.
 */
export async function confirm(question: string, expected: string): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Without an answer, the end of the input is one.
    const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
    const typed = await Promise.race([lines.question(`${question}\nType ${expected} to go on: `), ended]);
    if (typed?.trim() === expected) return;
  } finally {
    lines.close();
  }
  throw new Fault("It was not confirmed; nothing was sent. (--yes sends without asking.)");
}
