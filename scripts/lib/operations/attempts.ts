import path from "node:path";

import { z } from "zod/v4";

import { LineFile } from "./lines.js";
import type { OpenManifest } from "./open.js";

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/i);
const wei = z.string().regex(/^\d{1,30}$/);

const attemptSchema = z.strictObject({
  nonce: z.number().int().nonnegative(),
  hash: hex.length(66),
  /** The signed bytes; null where a wallet sent it and kept them. */
  raw: hex.nullable(),
  gasLimit: wei,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
  /** ISO 8601. */
  at: z.iso.datetime(),
});

/** One signed version of a transaction. All versions with the same nonce exclude each other. Amounts in wei. */
export type Attempt = z.infer<typeof attemptSchema>;

/** What was signed to be sent, oldest first. Written before it is sent, so that nothing is ever sent twice. */
export interface AttemptLog {
  read(): Promise<readonly Attempt[]>;
  add(attempt: Attempt): Promise<void>;
}

/** A log in a file with one attempt a line, which is only ever appended to. */
export const attemptsIn = (file: string): AttemptLog => new LineFile(file, attemptSchema);

/** What `sender` signed to carry out a step. Everybody who tries has a sequence of nonces, and so a log, of their own. */
export const attemptsOf = ({ folder }: Pick<OpenManifest, "folder">, step: string, sender: string) =>
  attemptsIn(path.join(attemptsFolder({ folder }), `${step}-${sender}.jsonl`));

export const attemptsFolder = ({ folder }: Pick<OpenManifest, "folder">) => path.join(folder, "attempts");
