import { Fault } from "../../../deploy/fault.js";
import { readSignatures, signatureFileName, writeSignature } from "../safe/files.js";
import { requireSigner } from "../safe/signatures.js";
import type { Signer } from "../signers/signer.js";
import type { Signing, Step } from "./manifest.js";
import type { OpenManifest, SealedRequest } from "./open.js";
import type { OperationProgress } from "./progress.js";
import { readRaw, signaturesFolder, writeRaw } from "./raw.js";

/** One signature that is wanted of somebody. */
export interface Wanted {
  readonly step: Step;
  /** What is signed, with its hashes and what each device shows. */
  readonly signing: Signing;
  /** Asks the signer, checks what comes, and keeps it. Returns the file's path. */
  readonly obtain: (signer: Signer) => Promise<string>;
}

/**
 * Everything that one key may sign of an operation and has not signed yet: messages for Safes that it owns, through other
 * Safes as well, and the transactions of its own account that are kept ready. What its own account does in the main branch
 * is signed when it is executed, with the fees of the day.
 *
 * @param only One step; all that are left if not named.
 * @throws {@link Fault} if something that is there already is damaged.
 */
export async function wantedOf(
  opened: OpenManifest,
  signer: string,
  { times }: OperationProgress,
  only?: string,
): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const step of only === undefined ? opened.manifest.steps : [opened.step(only)]) {
    if (step.id in times) continue;
    wanted.push(
      ...(opened.accountOf(step.id).kind === "safe"
        ? await messagesOf(opened, step, signer)
        : await transactionOf(opened, step, signer)),
    );
  }
  return wanted;
}

async function messagesOf(opened: OpenManifest, step: Step, signer: string): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const request of opened.requests(step.id)) {
    if (request.signer !== signer || (await hasSigned(opened, step, request))) continue;
    const signing = step.signing.find(
      ({ onBehalfOf, signers }) =>
        onBehalfOf.join() === request.onBehalfOf.join() && signers.includes(signer),
    )!;
    const obtain = async (hand: Signer) => {
      const data = await hand.signTypedData(request.message);
      return await writeSignature(signaturesFolder(opened), opened.safeTransaction(step.id), request, data);
    };
    wanted.push({ step, signing, obtain });
  }
  return wanted;
}

/** @throws {@link Fault} if a file is there and is not that signature, before anybody signs beside it. */
async function hasSigned(
  opened: OpenManifest,
  { id, safeTxHash }: Step,
  request: SealedRequest,
): Promise<boolean> {
  const { signer, onBehalfOf, message } = request;
  const { signatures, refused } = await readSignatures(signaturesFolder(opened), opened.safeTransaction(id));
  const name = signatureFileName({ safeTxHash: safeTxHash!, onBehalfOf: [...onBehalfOf], signer });
  const damage = refused.find(({ source }) => source === name);
  if (damage !== undefined) throw new Fault(damage.why);
  const found = signatures.find(({ source }) => source === name);
  if (found?.signature.kind !== "ecdsa") return false;
  requireSigner(message, signer, found.signature.data);
  return true;
}

async function transactionOf(opened: OpenManifest, step: Step, signer: string): Promise<Wanted[]> {
  if (step.branch === "main" || step.account !== signer) return [];
  if ((await readRaw(opened, step.id)) !== undefined) return [];
  const obtain = async (hand: Signer) => {
    const signed = await hand.signTransaction(opened.transaction(step.id), { keep: true });
    if ("raw" in signed) return await writeRaw(opened, step.id, signed.raw);
    throw new Fault(`The ${hand.kind} has sent ${signed.sent} instead of only signing it.`);
  };
  return [{ step, signing: step.signing[0]!, obtain }];
}

/** Whoever has nothing to sign in an operation is told who does. */
export function requireSignerOf(opened: OpenManifest, signer: string): void {
  const signers = new Set(
    opened.manifest.steps.flatMap(({ signing }) => signing.flatMap((one) => one.signers)),
  );
  if (signers.has(signer)) return;
  throw new Fault(`${signer} has nothing to sign in this operation; these have:`, { details: [...signers] });
}
