import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { readRegular } from "../regular-file.js";
import type { Given, GivenSignature, Refusal } from "./collect.js";
import { address, bytes, bytes32, faultsIn } from "./fields.js";
import { safeHashes } from "./hash.js";
import type { SigningRequest } from "./owners.js";
import { requireSigner } from "./signatures.js";
import type { SafeTransaction } from "./transaction.js";

const schema = z.strictObject({
  chainId: z.int().positive(),
  safe: address,
  nonce: z.int().nonnegative(),
  safeTxHash: bytes32,
  signer: address,
  /** The Safes between the signer and `safe`, outermost first. */
  onBehalfOf: z.array(address).max(8),
  /** 65 bytes. */
  signature: bytes,
});

/** One owner's signature as a file: what carries it from a ceremony to the execution, by mail if need be. */
export type SignatureFile = z.infer<typeof schema>;

/** `<safeTxHash>-<owner>.json`, with the Safe it signs for in between if the owner is one of a nested Safe. */
export const signatureFileName = ({
  safeTxHash,
  onBehalfOf,
  signer,
}: Pick<SignatureFile, "safeTxHash" | "onBehalfOf" | "signer">) =>
  `${[safeTxHash, ...onBehalfOf, signer].join("-")}.json`;

/**
 * Writes a signature that was just made, after checking that it is by the signer and over the message asked for.
 *
 * @param data 65 bytes.
 * @returns The file's path. A good signature that is there already is left as it is.
 * @throws {@link Fault} if the signature is wrong, or a damaged file is in its place.
 */
export async function writeSignature(
  directory: string,
  transaction: SafeTransaction,
  { signer, onBehalfOf, message }: SigningRequest,
  data: string,
): Promise<string> {
  requireSigner(message, signer, data);
  const { chainId, safe, nonce } = transaction;
  const { safeTxHash } = safeHashes(transaction);
  const file: SignatureFile = {
    chainId,
    safe,
    nonce,
    safeTxHash,
    signer,
    onBehalfOf: [...onBehalfOf],
    signature: data.toLowerCase(),
  };
  const name = path.join(directory, signatureFileName(file));
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(name, `${JSON.stringify(file, null, 2)}\n`, { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const { signature } = await readSignature(name, transaction);
    requireSigner(message, signer, signature);
  }
  return name;
}

/**
 * Reads a signature file and checks all that can be checked without the chain: that it is one, about this transaction,
 * and named after what is in it. Whether the signature is good is for {@link collect} to say.
 *
 * @throws {@link Fault} otherwise.
 */
export async function readSignature(file: string, transaction: SafeTransaction): Promise<SignatureFile> {
  const name = path.basename(file);
  let written: unknown;
  try {
    written = JSON.parse(await readRegular(file));
  } catch (cause) {
    // Whatever lies there under such a name must not hide the good ones beside it.
    if (!(cause instanceof SyntaxError)) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new Fault(`The signature file ${name} cannot be read (${code}); delete it and sign again.`, {
        cause,
      });
    }
    throw new Fault(`The signature file ${name} is not JSON; delete it and sign again.`, { cause });
  }
  const { success, data, error } = schema.safeParse(written);
  if (!success) {
    throw new Fault(
      `The signature file ${name} is malformed (${faultsIn(error)}); delete it and sign again.`,
    );
  }
  const { safeTxHash } = safeHashes(transaction);
  const expected = {
    chainId: transaction.chainId,
    safe: transaction.safe,
    nonce: transaction.nonce,
    safeTxHash,
  };
  for (const [field, value] of Object.entries(expected)) {
    const found = data[field as keyof typeof expected];
    if (found === value) continue;
    throw new Fault(
      `The signature file ${name} is for ${field} ${found}, and the transaction's is ${value}; ` +
        "it was altered, or belongs to another operation.",
    );
  }
  if (name !== signatureFileName(data)) {
    throw new Fault(`The signature file ${name} holds what belongs in ${signatureFileName(data)}.`);
  }
  return data;
}

/** What a directory holds of signatures for a transaction; nothing if there is no such directory. */
export async function readSignatures(directory: string, transaction: SafeTransaction): Promise<Given> {
  const { safeTxHash } = safeHashes(transaction);
  const signatures: GivenSignature[] = [];
  const refused: Refusal[] = [];
  for (const name of await namesIn(directory)) {
    if (!name.startsWith(`${safeTxHash}-`)) continue;
    try {
      const file = await readSignature(path.join(directory, name), transaction);
      const { signer, onBehalfOf, signature } = file;
      const ecdsa = { kind: "ecdsa", owner: signer, data: signature } as const;
      signatures.push({ source: name, onBehalfOf, signature: ecdsa });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused.push({ source: name, why: error.message });
    }
  }
  return { signatures, refused };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
