import { constants } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";

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
export function attemptsIn(file: string): AttemptLog {
  return {
    async read() {
      const text = await readFile(file, "utf8").catch((problem: NodeJS.ErrnoException) => {
        if (problem.code === "ENOENT") return "";
        throw problem;
      });
      // What follows the last line break was being written when the process died: it was never sent.
      return text
        .split("\n")
        .slice(0, -1)
        .map((line, index) => parse(line, `${file}:${index + 1}`));
    },
    async add(attempt) {
      await mkdir(path.dirname(file), { recursive: true });
      const { O_APPEND, O_CREAT, O_RDWR } = constants;
      const handle = await open(file, O_APPEND | O_CREAT | O_RDWR, 0o600);
      try {
        await dropUnfinishedLine(handle);
        await handle.appendFile(`${JSON.stringify(attempt)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

async function dropUnfinishedLine(handle: Awaited<ReturnType<typeof open>>): Promise<void> {
  const content = await handle.readFile();
  const end = content.lastIndexOf("\n") + 1;
  if (end < content.length) await handle.truncate(end);
}

function parse(line: string, where: string): Attempt {
  try {
    return attemptSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new Fault(
      `${where} is not what this program wrote; restore the file from version control or a backup.`,
      {
        cause,
      },
    );
  }
}
