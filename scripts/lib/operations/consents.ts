import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { collect, type Collected, type Given } from "../safe/collect.js";
import { readSignatures } from "../safe/files.js";
import { readSafeTree, type SafeTree } from "../safe/owners.js";
import { ServiceDown } from "../safe/service-answer.js";
import type { TransactionService } from "../safe/service.js";
import type { SafeTransaction } from "../safe/transaction.js";
import type { OpenManifest } from "./open.js";
import { signaturesFolder } from "./raw.js";

/** The signatures that there are for a step of a Safe, checked. */
export interface Consents extends Collected {
  /** The Safe as it stands. */
  readonly tree: SafeTree;
  /** How many owners still have to agree. */
  readonly missing: number;
}

export interface Collecting {
  /** Who will send the transaction: an owner need not sign what it sends. */
  readonly executor?: string;
  /** Where owners may have left signatures, besides the operation's folder. */
  readonly service?: TransactionService;
}

/** Collects what was signed for a step of a Safe, from the operation's folder and elsewhere, and checks all of it. */
export async function collectFor(
  provider: Provider,
  opened: OpenManifest,
  step: string,
  { executor, service }: Collecting = {},
): Promise<Consents> {
  const transaction = opened.safeTransaction(step);
  const inFolder = await readSignatures(signaturesFolder(opened), transaction);
  const elsewhere = service === undefined ? [] : [await signaturesAt(service, transaction)];
  const tree = await readSafeTree(provider, transaction.safe);
  const collected = await collect(provider, transaction, tree, [inFolder, ...elsewhere], { executor });
  return { ...collected, tree, missing: Math.max(0, tree.state.threshold - collected.signatures.length) };
}

/** What is in the folder may be enough: a service that does not answer, or does not know the step, is in nobody's way. */
async function signaturesAt(service: TransactionService, transaction: SafeTransaction): Promise<Given> {
  try {
    return await service.signatures(transaction);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // Nothing was given, so that nothing was refused.
    if (error instanceof ServiceDown) return { signatures: [], refused: [] };
    return { signatures: [], refused: [{ source: "the transaction service", why: error.message }] };
  }
}
