import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { Transaction } from "ethers";
import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { readRegular } from "../regular-file.js";
import { address, bytes, bytes32, faultsIn } from "../safe/fields.js";
import type { OpenManifest } from "./open.js";

/** Where the signatures of an operation are, beside its manifest. */
export const signaturesFolder = ({ folder }: Pick<OpenManifest, "folder">) => path.join(folder, "signatures");

const schema = z.strictObject({ step: z.string(), digest: bytes32, signer: address, raw: bytes });

/**
 * Keeps a step that a key has signed beforehand: the whole transaction, at the fees of the plan.
 *
 * @returns The file's path.
 * @throws {@link Fault} if it is not that step, or by another key.
 */
export async function writeRaw(opened: OpenManifest, step: string, raw: string): Promise<string> {
  const { digest, signer } = requireRaw(opened, step, raw);
  const file = fileOf(opened, step);
  await mkdir(path.dirname(file), { recursive: true });
  const content = { step, digest, signer, raw: raw.toLowerCase() };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}

/**
 * Reads a step that was signed beforehand.
 *
 * @returns Its bytes; nothing if nobody has signed it.
 * @throws {@link Fault} if the file holds anything else.
 */
export async function readRaw(opened: OpenManifest, step: string): Promise<string | undefined> {
  const file = fileOf(opened, step);
  let text: string;
  try {
    text = await readRegular(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (cause) {
    throw new Fault(`The signed transaction ${file} is not JSON; delete it and sign again.`, { cause });
  }
  const { success, data, error } = schema.safeParse(written);
  if (!success) {
    throw new Fault(
      `The signed transaction ${file} is malformed (${faultsIn(error)}); delete it and sign again.`,
    );
  }
  const found = requireRaw(opened, step, data.raw);
  if (found.digest !== data.digest || found.signer !== data.signer || data.step !== step) {
    throw new Fault(`What the file ${file} says is not what its bytes are; delete it and sign again.`);
  }
  return data.raw;
}

const fileOf = (opened: OpenManifest, step: string) =>
  path.join(
    signaturesFolder(opened),
    `${opened.step(step).signing[0]!.digest}-${opened.step(step).account}.json`,
  );

function requireRaw(opened: OpenManifest, step: string, raw: string): { digest: string; signer: string } {
  const { signing, account } = opened.step(step);
  const { digest } = signing[0]!;
  let signed: Transaction;
  try {
    signed = Transaction.from(raw);
  } catch (cause) {
    throw new Fault(`What was signed for the step ${step} is no transaction; sign again.`, { cause });
  }
  if (signed.unsignedHash !== digest || signed.from !== account) {
    throw new Fault(
      `What was signed for the step ${step} is ${signed.unsignedHash} by ${signed.from ?? "nobody"}, and not ${digest} by ` +
        `${account}; sign again.`,
    );
  }
  return { digest, signer: account };
}
