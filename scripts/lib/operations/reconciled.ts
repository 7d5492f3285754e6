import { readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { DEPLOY_DIR } from "../../../deploy/place.js";

/** What a status tells of a comparison of the read model with the chain. The record of one says more. */
const schema = z.object({
  /** When it was done, ISO 8601. */
  at: z.iso.datetime(),
  block: z.int().nonnegative(),
  outcome: z.enum(["clean", "differences", "could not tell"]),
});

/** How the read model was found when it was last compared with the chain. */
export type Reconciled = z.infer<typeof schema>;

/** Where reconciliations of a chain are written down, one line each, oldest first. */
export const reconciliationsOf = (chainId: number, folder = path.join(DEPLOY_DIR, "reconciliations")) =>
  path.join(folder, String(chainId), "runs.jsonl");

/**
 * The last reconciliation of a chain.
 *
 * @returns Nothing if there was none.
 * @throws {@link Fault} if its record is damaged.
 */
export async function lastReconciled(chainId: number, folder?: string): Promise<Reconciled | undefined> {
  const file = reconciliationsOf(chainId, folder);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const last = text.trimEnd().split("\n").at(-1)!;
  if (last === "") return undefined;
  const { success, data } = schema.safeParse(parse(last));
  if (success) return data;
  throw new Fault(`The last line of ${file} is damaged; restore it from git, or remove that line.`);
}

/** Nothing that fits, for what a process wrote that was killed. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
