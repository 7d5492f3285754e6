import { isError, type ErrorCode } from "ethers";

import { Fault } from "../../deploy/fault.js";
import { plain, withoutUrls } from "./plain.js";

/** What a command exits with when it could not do or tell what it was asked. 1 is for a clear "no". */
const COULD_NOT = 2;

/** Errors of Hardhat's configuration, which exports no classes for them. */
const HARDHAT_ERRORS = ["HardhatError", "HardhatPluginError"];

/** The errors of ethers that come from a chain. Its others, such as `INVALID_ARGUMENT`, are mistakes of the caller. */
const CHAIN_ERRORS: readonly ErrorCode[] = [
  "NETWORK_ERROR",
  "SERVER_ERROR",
  "TIMEOUT",
  "BAD_DATA",
  "CALL_EXCEPTION",
  "INSUFFICIENT_FUNDS",
  "NONCE_EXPIRED",
  "REPLACEMENT_UNDERPRICED",
];

/**
 * Runs what a task does. Whatever it throws ends on stderr, and as exit code 2: a {@link Fault} and an error of Hardhat or
 * of the chain as its sentence, anything else, which nobody expected, with its stack.
 *
 * @returns A task action for Hardhat.
 */
export const command =
  <Arguments extends unknown[]>(action: (...args: Arguments) => Promise<void>) =>
  async (...args: Arguments): Promise<void> => {
    try {
      await action(...args);
    } catch (error) {
      console.error(sentenceOf(error) ?? error);
      process.exitCode = COULD_NOT;
    }
  };

function sentenceOf(error: unknown): string | undefined {
  if (error instanceof Fault) return error.message;
  // Of a chain it may be anybody's words, and name a URL with a key.
  if (error instanceof Error && error.name === "ProviderError")
    return `The chain: ${plain(withoutUrls(error.message))}.`;
  if (error instanceof Error && HARDHAT_ERRORS.includes(error.name)) return error.message;
  for (const code of CHAIN_ERRORS)
    if (isError(error, code)) return `The chain: ${plain(error.shortMessage)}.`;
  return undefined;
}
