import { stat } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import { readRecord, type DeploymentRecord } from "../../../deploy/record.js";
import { readRegular } from "../regular-file.js";
import { SAFE } from "../safe/abi.js";
import { execTransactionData } from "../safe/execute.js";
import { faultsIn } from "../safe/fields.js";
import type { SigningRequest } from "../safe/owners.js";
import type { SafeTransaction } from "../safe/transaction.js";
import { sealed, type Sealed } from "../signers/sealed.js";
import type { TypedMessage, UnsignedTransaction } from "../signers/signer.js";
import { accountOf, requestsFor, safeTransactionOf, unsignedOf } from "./derive.js";
import { manifestSchema, type AccountInManifest, type Manifest, type Step } from "./manifest.js";
import { formatPage } from "./page.js";
import { placeOf, type Spent } from "./spent.js";
import { findTampering } from "./tampering.js";
import { toType } from "./to-type.js";

export const MANIFEST_FILE = "manifest.json";
export const PAGE_FILE = "manifest.md";

/** Something that one key signs, out of a manifest. */
export type SealedRequest = Omit<SigningRequest, "message"> & { readonly message: Sealed<TypedMessage> };

/** A manifest that was found whole. The only source of anything that a signer signs. */
export class OpenManifest {
  /** @param folder Where it lies, with its signatures. */
  constructor(
    readonly manifest: Manifest,
    readonly folder: string,
  ) {}

  get digest(): string {
    return this.manifest.digest;
  }

  /** @throws {@link Fault} that names the steps there are. */
  step(id: string): Step {
    const { steps } = this.manifest;
    const found = steps.find((step) => step.id === id);
    if (found !== undefined) return found;
    throw new Fault(`The operation has no step ${id}, only ${steps.map((step) => step.id).join(", ")}.`);
  }

  accountOf(id: string): AccountInManifest {
    return accountOf(this.manifest, this.step(id).account);
  }

  /** A step of a Safe, as the Safe takes it. */
  safeTransaction(id: string): SafeTransaction {
    this.#requireKind(id, "safe");
    return safeTransactionOf(this.manifest, this.step(id));
  }

  /** What the keys behind a Safe sign for a step. */
  requests(id: string): SealedRequest[] {
    this.#requireKind(id, "safe");
    return requestsFor(this.manifest, this.step(id)).map(({ message, ...request }) => ({
      ...request,
      message: sealed(message),
    }));
  }

  /** A step of an account with a key, at the fees of the plan: what is signed beforehand. */
  transaction(id: string): Sealed<UnsignedTransaction> {
    this.#requireKind(id, "key");
    return sealed(unsignedOf(this.manifest, this.step(id)));
  }

  /**
   * Consents to the signing of a transaction that carries out a step: the step itself, if its account has a key, with its
   * nonce and whatever fees; or the Safe's call that executes it, from anybody.
   *
   * @param spent The nonces that the key's attempts used up in vain, after which a step of the main branch comes later.
   * @throws {@link Fault} if it does anything else.
   */
  consent(id: string, transaction: UnsignedTransaction, spent: Spent = []): Sealed<UnsignedTransaction> {
    const { manifest } = this;
    const step = this.step(id);
    const expected =
      this.accountOf(id).kind === "key"
        ? {
            chainId: manifest.chainId,
            nonce: placeOf(step, transaction.nonce, spent),
            to: step.transaction.to,
            value: BigInt(step.transaction.value),
            data: step.transaction.data,
          }
        : {
            chainId: manifest.chainId,
            to: step.account,
            value: 0n,
            data: this.#execution(step, transaction),
          };
    for (const [field, value] of Object.entries(expected)) {
      const found = transaction[field as keyof typeof expected];
      if (found === value) continue;
      throw new Fault(
        `The transaction is not the step ${id} of the manifest: its ${field} is ${found}, and not ${value}.`,
      );
    }
    return sealed(transaction);
  }

  /** What the executing call must be, given its signatures. */
  #execution(step: Step, { data }: UnsignedTransaction): string {
    const call = SAFE.parseTransaction({ data });
    if (call?.name !== "execTransaction") return execTransactionData(this.safeTransaction(step.id), []);
    const planned = SAFE.parseTransaction({ data: execTransactionData(this.safeTransaction(step.id), []) })!;
    const [signatures] = call.args.slice(-1) as unknown as [string];
    return SAFE.encodeFunctionData("execTransaction", [...planned.args.slice(0, -1), signatures]);
  }

  #requireKind(id: string, kind: "key" | "safe"): void {
    if (this.accountOf(id).kind === kind) return;
    throw new Fault(
      `The step ${id} is of an account with ${kind === "key" ? "owners" : "a key"}, ${this.step(id).account}.`,
    );
  }
}

/**
 * Opens an operation's manifest, and works out anew everything in it that can be.
 *
 * @param place Its folder, or the file itself.
 * @param record Of the chain that it is for; read from `deploy/records/` if left out.
 * @param isRead Whether somebody decides by the page beside it; nobody does who only sends what was signed beforehand.
 * @throws {@link Fault} if there is none, anything in it is not what follows from the rest, or the page beside it says
 * something else.
 */
export async function openManifest(
  place: string,
  record?: DeploymentRecord,
  { isRead = true }: { isRead?: boolean } = {},
): Promise<OpenManifest> {
  const file = (await isFolder(place)) ? path.join(place, MANIFEST_FILE) : place;
  let text: string;
  try {
    text = await readRegular(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Fault(
      code === "ENOENT"
        ? `There is no manifest at ${file}; plan the operation first: ${toType("ops plan")}`
        : `The manifest ${file} cannot be read (${code}); restore it from git, or plan again.`,
      { cause },
    );
  }
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (cause) {
    throw new Fault(`The manifest ${file} is not JSON; restore it from git, or plan again.`, { cause });
  }
  const parsed = manifestSchema.safeParse(written);
  if (!parsed.success) {
    throw new Fault(
      `The manifest ${file} is malformed at ${faultsIn(parsed.error)}; restore it from git, or plan again.`,
    );
  }
  const manifest = parsed.data;
  const faults = findTampering(manifest, record ?? (await readRecord(manifest.chainId)));
  if (faults.length > 0) {
    throw new Fault(`The manifest ${file} is not as it was planned; nothing of it is signed:`, {
      details: faults,
    });
  }
  const opened = new OpenManifest(manifest, path.dirname(file));
  if (isRead) await requirePage(opened);
  return opened;
}

/** The page is what people read before they sign: it says what the manifest says, to the letter. */
export async function requirePage({ folder, manifest }: OpenManifest): Promise<void> {
  const file = path.join(folder, PAGE_FILE);
  const page = await readRegular(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (page === undefined)
    throw new Fault(`There is no page ${file} to read before signing; restore it from git, or plan again.`);
  if (page === formatPage(manifest)) return;
  throw new Fault(
    `The page ${file} is not that of its manifest; nothing of it is signed. Restore it from git, or plan again.`,
  );
}

const isFolder = async (place: string) =>
  await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
