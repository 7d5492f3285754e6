import { readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { DEPLOY_DIR } from "./place.js";

/** What operators may call themselves: nothing that could be a name, an address or a path. */
export const LABEL = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Blocks that an index may be behind its chain, as while a block is on its way; one that is further behind is stale. */
export const TOLERATED_LAG = 20;

/** What a run looked at: without it nobody could tell a look at one payment from a look at everything. */
export const scopeSchema = z.strictObject({
  source: z.enum(["database", "graphql"]),
  /** The schema that holds the index, also if it was read through views. */
  schema: z
    .string()
    .regex(/^\w[\w-]{0,62}$/)
    .optional(),
  /** Which index: one that was built anew, or copied, is another. Nothing if the source does not tell. */
  index: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** Blocks that the index was behind the chain. */
  behind: z.number().int().nonnegative(),
  payment: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .optional(),
  token: z
    .string()
    .regex(/^0x[0-9a-f]{40}$/)
    .optional(),
  /** Unix seconds. */
  since: z.number().int().optional(),
  /** Where the contracts were asked, if somebody chose it. */
  block: z.number().int().optional(),
});
export type RunScope = z.infer<typeof scopeSchema>;

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
  /** Nothing in lines of before it was kept. */
  scope: scopeSchema.optional(),
});

/** One run of `npx hardhat reconcile`, as it is kept. */
export type ReconciliationRecord = z.infer<typeof reconciliationSchema>;

/** Why a run says less than that the whole index is, or is not, what the chain is; nothing if it says that. */
export function partsOf({ payment, token, since, block, behind, index }: RunScope): string[] {
  const parts = [
    payment !== undefined && `only payment ${payment}`,
    token !== undefined && `only token ${token}`,
    since !== undefined && `only what changed since ${new Date(since * 1_000).toISOString()}`,
    block !== undefined && `the contracts only as of block ${block}`,
    behind > TOLERATED_LAG && `an index ${behind} blocks behind the chain`,
    index === undefined && "an index that does not tell which it is",
  ];
  return parts.filter((part) => part !== false);
}

/** Whether a run compared a whole and present index. Only such a one may silence an alarm, or ring it. */
export const isFull = ({ scope }: ReconciliationRecord) => scope !== undefined && partsOf(scope).length === 0;

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
