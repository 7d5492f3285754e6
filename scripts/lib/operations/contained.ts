import { Fault } from "../../../deploy/fault.js";
import { plain, withoutUrls } from "../plain.js";
import type { OperationFolder } from "./folder.js";

/** An operation that could not be looked at, and why, in a whole sentence that names its folder. */
export interface Unreadable {
  readonly operation: OperationFolder;
  readonly problem: string;
}

/**
 * Looks at one operation of many. Whatever its folder holds, and whatever the chain answers to it, is a finding about this
 * one: nobody must be able to keep the others, and above all a rollback, from being found by what they put into a folder.
 * A chain that answers nothing at all is noticed by all who ask it about anything else.
 */
export async function contained<Result>(
  operation: OperationFolder,
  work: () => Promise<Result>,
): Promise<Result | Unreadable> {
  try {
    return await work();
  } catch (error) {
    return { operation, problem: problemOf(operation, error) };
  }
}

/** Those that could be looked at, and those that could not. */
export function partition<Result extends object>(found: readonly (Result | Unreadable)[]) {
  return {
    readable: found.filter((one): one is Result => !isUnreadable(one)),
    unreadable: found.filter(isUnreadable),
  };
}

export const isUnreadable = (found: object): found is Unreadable => "problem" in found;

function problemOf({ path }: OperationFolder, error: unknown): string {
  if (error instanceof Fault && error.message.includes(path)) return error.message;
  if (error instanceof Fault) return `The operation ${path} cannot be looked at: ${error.message}`;
  const { shortMessage, message } = error as Error & { shortMessage?: string };
  const said = plain(withoutUrls(String(shortMessage ?? message ?? error)));
  return `The operation ${path} cannot be looked at: ${said}.`;
}
