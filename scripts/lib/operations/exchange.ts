import { Fault } from "../../../deploy/fault.js";
import type { GivenSignature } from "../safe/collect.js";
import { readSignatures, writeSignature } from "../safe/files.js";
import type { TransactionService } from "../safe/service.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { signaturesFolder } from "./raw.js";

interface Exchanging {
  /** Whether to show what is in the folder to the service: the transaction first, then each signature. */
  readonly propose: boolean;
  readonly tell: (sentence: string) => void;
}

/**
 * Exchanges signatures of direct owners with a transaction service: what it has and the folder lacks is kept as a file,
 * and if asked to, the other way round. Owners of nested Safes and what was approved on the chain are no files of ours.
 *
 * @throws {@link Fault} if the service's transaction is another than the manifest's.
 */
export async function exchange(
  opened: OpenManifest,
  steps: readonly Step[],
  service: TransactionService,
  { propose, tell }: Exchanging,
): Promise<void> {
  for (const step of steps.filter(({ id }) => opened.accountOf(id).kind === "safe")) {
    const transaction = opened.safeTransaction(step.id);
    const waiting = await service.waiting(step.account, step.nonce);
    const isThere = waiting.some(({ safeTxHash }) => safeTxHash === step.safeTxHash);
    for (const other of waiting) {
      if (other.nonce === step.nonce && other.safeTxHash !== step.safeTxHash)
        tell(
          `Caution: another transaction, ${other.safeTxHash}, waits for the nonce ${step.nonce} of ${step.id}.`,
        );
    }
    const theirs = isThere ? (await service.signatures(transaction)).signatures : [];
    for (const given of theirs) await fetchOne(opened, step, given, tell);
    if (propose) await proposeAll(opened, step, service, isThere ? theirs : undefined, tell);
  }
}

async function fetchOne(
  opened: OpenManifest,
  { id }: Step,
  { signature, source }: GivenSignature,
  tell: (sentence: string) => void,
): Promise<void> {
  if (signature.kind !== "ecdsa") return;
  const request = opened
    .requests(id)
    .find(({ signer, onBehalfOf }) => signer === signature.owner && onBehalfOf.length === 0);
  if (request === undefined) return tell(`${source} is no owner whom the manifest knows; left there.`);
  try {
    await writeSignature(signaturesFolder(opened), opened.safeTransaction(id), request, signature.data);
    tell(`Fetched the signature of ${signature.owner} for ${id}.`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tell(`What ${source} holds for ${id} does not count: ${error.message}`);
  }
}

async function proposeAll(
  opened: OpenManifest,
  { id }: Step,
  service: TransactionService,
  theirs: readonly GivenSignature[] | undefined,
  tell: (sentence: string) => void,
): Promise<void> {
  const transaction = opened.safeTransaction(id);
  const { signatures } = await readSignatures(signaturesFolder(opened), transaction);
  const direct = signatures.filter(({ onBehalfOf }) => onBehalfOf.length === 0);
  const missing = direct.filter(
    ({ signature: { owner } }) => !theirs?.some(({ signature }) => signature.owner === owner),
  );
  for (const [i, { signature }] of missing.entries()) {
    const isFirst = theirs === undefined && i === 0;
    await (isFirst ? service.propose(transaction, signature) : service.confirm(transaction, signature));
    tell(`${isFirst ? "Proposed" : "Confirmed"} ${id} at the service as ${signature.owner}.`);
  }
}
