import { Fault } from "../../../deploy/fault.js";
import { MODES, parseMode, type Mode } from "../../../deploy/mode.js";

export { MODES, type Mode } from "../../../deploy/mode.js";

/**
 * The stricter of what was typed and what the environment says, so that a flag typed in haste cannot loosen what somebody
 * decided for the machine.
 *
 * @throws {@link Fault} that says what there is, if either is no mode. A typo must not pass for `live`.
 */
export function modeOf(typed: string | undefined, { HOLDFAST_MODE: set }: NodeJS.ProcessEnv): Mode {
  const ranks = [parse(typed, "--mode"), parse(set, "HOLDFAST_MODE")].map((mode) => MODES.indexOf(mode));
  return MODES[Math.max(...ranks)]!;
}

function parse(text: string | undefined, from: string): Mode {
  try {
    return parseMode(text, from);
  } catch (error) {
    throw new Fault((error as Error).message);
  }
}

/** What changes a chain, or has a key of the node's sign. Whatever else a node offers is a question. */
const WRITES = [
  /^eth_(send|sign|submit)/,
  /^(personal|wallet|miner|admin|engine|evm)_/,
  /^(anvil|hardhat)_(?!nodeInfo$|metadata$|getAutomine$|getIntervalMining$)/,
  /^debug_setHead$/,
];

/** Whether a JSON-RPC method writes. */
export const isWriting = (method: string): boolean => WRITES.some((pattern) => pattern.test(method));
