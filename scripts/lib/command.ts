import { Fault } from "../../deploy/fault.js";

/** What a command exits with when it could not do or tell what it was asked. 1 is for a clear "no". */
const COULD_NOT = 2;

/**
 * Runs what a task does; a {@link Fault} ends as its sentence on stderr and a non-zero exit code.
 *
 * @returns A task action for Hardhat.
 */
export const command =
  <Arguments extends unknown[]>(action: (...args: Arguments) => Promise<void>) =>
  async (...args: Arguments): Promise<void> => {
    try {
      await action(...args);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      console.error(error.message);
      process.exitCode = COULD_NOT;
    }
  };
