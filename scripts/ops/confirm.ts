import { Fault } from "../../deploy/fault.js";
import { ask } from "../lib/ask.js";

/**
 * Asks a person to type something before anything is sent: on stderr, so that stdout stays for what a machine reads.
 *
 * @throws {@link Fault} unless that very text was typed.
 */
export async function confirm(question: string, expected: string): Promise<void> {
  if ((await ask(`${question}\nType ${expected} to go on: `)) === expected) return;
  throw new Fault("It was not confirmed; nothing was sent. (--yes sends without asking.)");
}
