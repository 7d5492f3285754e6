import { parseMode, refusal } from "../deploy/mode.js";

/** Commands of Ponder that change no database. Whatever else there is, or will be, is taken for one that does. */
const READING = ["serve", "list", "codegen"];

/**
 * @param command Ponder's, if it is Ponder that reads its configuration.
 * @throws A sentence, if the mode is none or does not let the command write.
 */
export function requireMode(command: string | undefined, env: NodeJS.ProcessEnv): void {
  const mode = parseMode(env.HOLDFAST_MODE, "HOLDFAST_MODE");
  if (mode === "live" || command === undefined || READING.includes(command)) return;
  throw new Error(refusal(`ponder ${command}`, mode));
}
