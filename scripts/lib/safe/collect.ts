import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { TypedMessage } from "../signers/signer.js";
import { ask } from "./abi.js";
import { nestedTypedMessage, safeTypedMessage, typedHashes } from "./hash.js";
import type { Owner, SafeTree } from "./owners.js";
import { nestedSignature, verifyOwnerSignature, type OwnerSignature } from "./signatures.js";
import type { SafeState } from "./state.js";
import type { SafeTransaction } from "./transaction.js";

/** A signature that somebody handed in, not to be trusted yet. */
export interface GivenSignature {
  /** What a message about it calls it: a file's name, or a service. */
  readonly source: string;
  /** The Safes through which the signer owns the transaction's Safe, outermost first; empty for a direct owner. */
  readonly onBehalfOf: readonly string[];
  readonly signature: OwnerSignature;
}

/** What does not count, and why. */
export interface Refusal {
  readonly source: string;
  /** Whole sentences. */
  readonly why: string;
}

/** What a place where signatures are kept holds for a transaction. */
export interface Given {
  readonly signatures: readonly GivenSignature[];
  /** What could not even be read. */
  readonly refused: readonly Refusal[];
}

/** What stands after every given signature was checked. */
export interface Collected {
  /** Valid, one an owner of the Safe, and not more of them than its threshold. */
  readonly signatures: readonly OwnerSignature[];
  readonly refused: readonly Refusal[];
}

/**
 * Checks signatures against the Safe as it stands, adds the owners who approved on the chain, and lets each Safe among
 * the owners consent as soon as enough of its own owners do.
 *
 * @param given From files, from a transaction service, or both.
 * @param executor Who will send the transaction: an owner need not sign what it sends.
 */
export async function collect(
  provider: Provider,
  transaction: SafeTransaction,
  tree: SafeTree,
  given: readonly Given[],
  { executor }: { executor?: string } = {},
): Promise<Collected> {
  const signatures = given.flatMap(({ signatures }) => signatures);
  const collector = new Collector(provider, signatures);
  const question = { message: safeTypedMessage(transaction), path: [], executor };
  return {
    signatures: await collector.consents(tree, question),
    refused: [
      ...given.flatMap(({ refused }) => refused),
      ...collector.refused,
      ...ofStrangers(tree, signatures),
    ],
  };
}

/** What the owners of one Safe are asked, and how one gets from the transaction's Safe to it. */
interface Question {
  readonly message: TypedMessage;
  readonly path: readonly string[];
  readonly executor?: string;
}

class Collector {
  readonly refused: Refusal[] = [];
  readonly #provider: Provider;
  readonly #given: readonly GivenSignature[];

  constructor(provider: Provider, given: readonly GivenSignature[]) {
    this.#provider = provider;
    this.#given = given;
  }

  /** The consents of the Safe's owners, as many as it needs. */
  async consents({ state, owners }: SafeTree, question: Question): Promise<OwnerSignature[]> {
    const found: OwnerSignature[] = [];
    for (const owner of owners) {
      const consent =
        (await this.#signed(state, question, owner)) ??
        (await this.#agreedWithin(state, question, owner)) ??
        (await this.#approved(state, question, owner));
      if (consent !== undefined) found.push(consent);
    }
    return found.slice(0, state.threshold);
  }

  async #signed(safe: SafeState, question: Question, { address }: Owner) {
    for (const { source, onBehalfOf, signature } of this.#given) {
      if (placeOf(onBehalfOf, signature.owner) !== placeOf(question.path, address)) continue;
      if (await this.#isValid(safe, question, signature, source)) return signature;
    }
    return undefined;
  }

  async #agreedWithin(safe: SafeState, question: Question, owner: Owner) {
    if (owner.kind !== "safe") return undefined;
    const { address, tree, answers } = owner;
    const source = `the Safe ${address}`;
    if (!answers) {
      const why = `It cannot answer a Safe ${safe.version} for its owners; let it call approveHash instead.`;
      this.refused.push({ source, why });
      return undefined;
    }
    const message = nestedTypedMessage(question.message, safe.version, address);
    const consents = await this.consents(tree, { message, path: [...question.path, address] });
    if (consents.length < tree.state.threshold) return undefined;
    const signature = nestedSignature(address, consents);
    return (await this.#isValid(safe, question, signature, source)) ? signature : undefined;
  }

  async #approved(safe: SafeState, { message, executor }: Question, { address }: Owner) {
    const approval = { kind: "approved", owner: address } as const;
    if (address === executor) return approval;
    const { digest } = typedHashes(message);
    const approved = await ask<bigint>(this.#provider, safe.address, "approvedHashes", [address, digest]);
    return approved === 0n ? undefined : approval;
  }

  async #isValid(safe: SafeState, { message }: Question, signature: OwnerSignature, source: string) {
    try {
      await verifyOwnerSignature(this.#provider, safe, message, signature);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.refused.push({ source, why: error.message });
      return false;
    }
  }
}

function ofStrangers(tree: SafeTree, given: readonly GivenSignature[]): Refusal[] {
  const places = new Set(placesIn(tree, []));
  return given
    .filter(({ onBehalfOf, signature: { owner } }) => !places.has(placeOf(onBehalfOf, owner)))
    .map(({ source, onBehalfOf, signature: { owner } }) => ({
      source,
      why: `${owner} is no owner of the Safe ${onBehalfOf.at(-1) ?? tree.state.address}; its signature does not count.`,
    }));
}

const placesIn = ({ owners }: SafeTree, path: readonly string[]): string[] =>
  owners.flatMap((owner) => [
    placeOf(path, owner.address),
    ...(owner.kind === "safe" ? placesIn(owner.tree, [...path, owner.address]) : []),
  ]);

const placeOf = (path: readonly string[], owner: string) => [...path, owner].join();
