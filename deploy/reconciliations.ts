import { readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { DEPLOY_DIR } from "./place.js";

/** What operators may call themselves: nothing that could be a name, an address or a path. */
export const LABEL = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** As lines have it. All of it is public: the read model's endpoint answers with it. */
export const reconciliationSchema = z.strictObject({
  /** When it was done, ISO 8601. */
  at: z.string().datetime(),
  /** The label that an operator goes by: no personal data. */
  by: z.string().regex(LABEL),
  block: z.number().int(),
  blockHash: z.string().regex(/^0x[0-9a-f]*$/),
  outcome: z.enum(["clean", "differences", "could not tell"]),
  payments: z.number().int(),
  counts: z.record(z.string().regex(/^[a-z_]+$/), z.number().int()),
  rpcCalls: z.number().int(),
  seconds: z.number(),
  applied: z.boolean(),
});

/** One run of `npx hardhat reconcile`, as it is kept. */
export type ReconciliationRecord = z.infer<typeof reconciliationSchema>;

const FOLDER = path.join(DEPLOY_DIR, "reconciliations");

/** One line a run, oldest first, only ever appended to. */
export const recordsPath = (chainId: number, folder = FOLDER) =>
  path.join(folder, String(chainId), "runs.jsonl");

/** A line of the file, by its place in it; nothing in it if nobody can read it. */
export interface Line {
  readonly n: number;
  readonly run: ReconciliationRecord | undefined;
}

/** Every run on a chain, oldest first; none if there is no file. */
export async function readReconciliations(chainId: number, folder?: string): Promise<Line[]> {
  const text = await readFile(recordsPath(chainId, folder), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.trimEnd().split("\n");
  return lines.flatMap((line, n) => (line === "" ? [] : [{ n, run: parse(line) }]));
}

function parse(line: string): ReconciliationRecord | undefined {
  try {
    return reconciliationSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // Of a run that was killed while it wrote.
    return undefined;
  }
}
