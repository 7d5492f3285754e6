import path from "node:path";

import { keccak256, Transaction } from "ethers";
import { z } from "zod/v4";

import { plain } from "../plain.js";
import { LineFile } from "./lines.js";
import type { OpenManifest } from "./open.js";

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/i);
const wei = z.string().regex(/^\d{1,30}$/);
const nonce = z.int().nonnegative();
/** ISO 8601. */
const at = z.iso.datetime();

const attemptSchema = z.strictObject({
  nonce,
  hash: hex.length(66),
  /** The signed bytes; null where a wallet sent it and kept them. */
  raw: hex.nullable(),
  gasLimit: wei,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
  at,
});

const askedSchema = z.strictObject({
  kind: z.literal("asked"),
  nonce,
  to: hex.length(42),
  value: wei,
  at,
});

const settledSchema = z.strictObject({
  kind: z.literal("settled"),
  nonce,
  /** Why nothing can come of it any more. */
  why: z.enum(["declined", "nonce used by another"]),
  at,
});

const lineSchema = z.union([attemptSchema, askedSchema, settledSchema]);
type Line = z.infer<typeof lineSchema>;

/** One signed version of a transaction. All versions with the same nonce exclude each other. Amounts in wei. */
export type Attempt = z.infer<typeof attemptSchema>;
/** What a wallet that signs and sends at once was asked to send. Written before it is asked. */
export type Asked = z.infer<typeof askedSchema>;
/** That something was asked for and was not, and cannot be, sent. */
export type Settled = z.infer<typeof settledSchema>;

/** What was signed to be sent, oldest first. Written before it is sent, so that nothing is ever sent twice. */
export interface AttemptLog {
  /** Where it is, for who has to look at it. */
  readonly path: string;
  read(): Promise<readonly Attempt[]>;
  add(attempt: Attempt): Promise<void>;
  /** What a wallet was asked for of which nobody knows yet what came of it. */
  open(): Promise<Asked | undefined>;
  note(line: Asked | Settled): Promise<void>;
}

/** A log in a file with one line an attempt or a question, which is only ever appended to. */
class AttemptFile implements AttemptLog {
  readonly #file: LineFile<Line>;

  constructor(readonly path: string) {
    this.#file = new LineFile(path, lineSchema);
  }

  async read(): Promise<readonly Attempt[]> {
    return (await this.#file.read()).filter((line): line is Attempt => !("kind" in line));
  }

  async add(attempt: Attempt): Promise<void> {
    await this.#file.add(attempt);
  }

  async open(): Promise<Asked | undefined> {
    const lines = await this.#file.read();
    const last = lines.findLastIndex((line) => "kind" in line && line.kind === "asked");
    const asked = lines[last] as Asked | undefined;
    return lines.slice(last + 1).some((line) => line.nonce === asked?.nonce) ? undefined : asked;
  }

  async note(line: Asked | Settled): Promise<void> {
    await this.#file.add(line);
  }
}

/** Those that are looked at where a log is only a help, and there is no time: somebody may have filled it. */
export const lastFew = <Line>(lines: readonly Line[]): readonly Line[] => lines.slice(-8);

/** What was signed with a fee of its own kind, as the log keeps it. */
export function attemptOf(raw: string): Attempt {
  const { nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = Transaction.from(raw);
  return {
    ...{ nonce, hash: keccak256(raw), raw },
    gasLimit: String(gasLimit),
    maxFeePerGas: String(maxFeePerGas),
    maxPriorityFeePerGas: String(maxPriorityFeePerGas),
    at: new Date().toISOString(),
  };
}

/**
 * A log of what is done once at most, however often it is sent: what is wrong with the file, or with its disk, is told and
 * stops nothing. What is damaged is left as it is.
 */
export function forgiving(log: AttemptLog, tell: (sentence: string) => void): AttemptLog {
  let isTold = false;
  const attempt = async <Result>(work: () => Promise<Result>, instead: Result): Promise<Result> => {
    if (isTold) return instead;
    try {
      return await work();
    } catch (problem) {
      isTold = true;
      const why = problem instanceof Error ? problem.message : String(problem);
      tell(`${log.path} cannot be read or written, and it goes on without: ${plain(why)}`);
      return instead;
    }
  };
  return {
    path: log.path,
    read: () => attempt(() => log.read(), []),
    add: (line) => attempt(() => log.add(line), undefined),
    open: () => attempt(() => log.open(), undefined),
    note: (line) => attempt(() => log.note(line), undefined),
  };
}

export const attemptsIn = (file: string): AttemptLog => new AttemptFile(file);

/** What `sender` signed to carry out a step. Everybody who tries has a sequence of nonces, and so a log, of their own. */
export const attemptsOf = ({ folder }: Pick<OpenManifest, "folder">, step: string, sender: string) =>
  attemptsIn(path.join(attemptsFolder({ folder }), `${step}-${sender}.jsonl`));

export const attemptsFolder = ({ folder }: Pick<OpenManifest, "folder">) => path.join(folder, "attempts");
