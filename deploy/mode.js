/*
 * What may be done, in words: for commands, the indexer and what runs before anything is installed. So this is plain
 * JavaScript without dependencies, for Node 20.
 */

/** From the loosest to the strictest. */
export const MODES = /** @type {const} */ (["live", "dry-run", "read-only"]);

/**
 * What a command may do. `live`: what it says. `dry-run`: it goes as far as it can without sending, signing or keeping
 * anything, and tells what it would have done. `read-only`: whatever can write is refused before it begins.
 *
 * @typedef {"live" | "dry-run" | "read-only"} Mode
 */

/**
 * The mode that a text stands for; `live` if there is none.
 *
 * @param {string | undefined} text
 * @param {string} from Where it was said.
 * @returns {Mode}
 * @throws RangeError that says what there is, if it is none. A typo must not pass for `live`.
 */
export function parseMode(text, from) {
  if (text === undefined || text === "") return "live";
  const found = MODES.find((mode) => mode === text);
  if (found !== undefined) return found;
  throw new RangeError(`${from} is one of ${MODES.join(", ")}; it was ${text}.`);
}

/**
 * Why something is not done.
 *
 * @param {string} what
 * @param {Mode} present
 * @returns {string}
 */
export const refusal = (what, present) =>
  present === "read-only"
    ? `This is read-only, and ${what} writes: nothing was done. Whoever may write does so with HOLDFAST_MODE=live and without --mode.`
    : `This is a dry run, and ${what} has none: nothing was done. Whoever means it leaves HOLDFAST_MODE and --mode out.`;
