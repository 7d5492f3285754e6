import path from "node:path";

import { z } from "zod/v4";

import { address, bytes32 } from "../safe/fields.js";
import { time } from "./bounds.js";
import { LineFile } from "./lines.js";
import type { OpenManifest } from "./open.js";

export const OUTCOME_FILE = "outcome.jsonl";

const place = {
  block: z.int().nonnegative(),
  blockHash: bytes32,
  /** Unix seconds of the block. */
  time,
};

const carriedOut = z.strictObject({
  kind: z.literal("carried out"),
  step: z.string(),
  hash: bytes32,
  ...place,
  /** Who sent the transaction: the step's account, or whoever relayed it for a Safe. */
  by: address,
  /** What it changed otherwise than foretold, in whole sentences; null where nobody could compare. */
  surprises: z.array(z.string()).nullable(),
});

const verified = z.strictObject({
  kind: z.literal("verified"),
  ...place,
  checks: z.array(
    z.strictObject({
      name: z.string(),
      /** What is not as it should be; whole sentences. */
      problems: z.array(z.string()),
    }),
  ),
  /** What is no fault of the operation, and worth knowing; whole sentences. */
  remarks: z.array(z.string()),
  passed: z.boolean(),
});

const outcome = z.discriminatedUnion("kind", [carriedOut, verified]);

/** A step of an operation that was mined and did what it should. */
export type CarriedOut = z.infer<typeof carriedOut>;
/** How the suite was found after an operation. */
export type Verified = z.infer<typeof verified>;

/**
 * What came of an operation, one line each, oldest first, in its folder. It says what was seen; whether it still stands on
 * the chain, `findProgress` says.
 */
export const outcomesOf = ({ folder }: Pick<OpenManifest, "folder">) =>
  new LineFile(path.join(folder, OUTCOME_FILE), outcome);
