import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { TypedMessage } from "../signers/signer.js";
import { CONTRACT_OWNER } from "./abi.js";
import { revertDataOf } from "./errors.js";
import { asksForHash, nestedTypedMessage, safeTypedMessage } from "./hash.js";
import { readSafe, type SafeState } from "./state.js";
import type { SafeTransaction } from "./transaction.js";

/** An owner of a Safe: a key, a contract of which we know nothing, or a Safe with owners of its own. */
export type Owner =
  | { readonly kind: "key"; readonly address: string }
  | { readonly kind: "contract"; readonly address: string }
  | {
      readonly kind: "safe";
      readonly address: string;
      readonly tree: SafeTree;
      /**
       * Whether it can answer for its owners. A Safe without a suitable fallback handler cannot, so it is no use that they
       * sign; it can still call `approveHash`.
       */
      readonly answers: boolean;
    };

/** A Safe with its owners, and theirs. */
export interface SafeTree {
  readonly state: SafeState;
  readonly owners: readonly Owner[];
}

/**
 * Reads a Safe and all that stand behind it.
 *
 * @param above The Safes on the way here; nothing to start with.
 * @throws {@link Fault} as {@link readSafe}.
 */
export async function readSafeTree(
  provider: Provider,
  address: string,
  above: readonly string[] = [],
): Promise<SafeTree> {
  const state = await readSafe(provider, address);
  const path = [...above, state.address];
  const owners = await Promise.all(state.owners.map((owner) => readOwner(provider, owner, state, path)));
  return { state, owners };
}

async function readOwner(
  provider: Provider,
  address: string,
  safe: SafeState,
  path: readonly string[],
): Promise<Owner> {
  const code = await provider.getCode(address);
  if (code === "0x" || code.startsWith(DELEGATED)) return { kind: "key", address };
  // A Safe that owns itself in a circle can never sign that way.
  if (path.includes(address)) return { kind: "contract", address };
  try {
    const [tree, answers] = await Promise.all([
      readSafeTree(provider, address, path),
      answersTo(provider, safe, address),
    ]);
    return { kind: "safe", address, tree, answers };
  } catch (error) {
    if (error instanceof Fault) return { kind: "contract", address };
    throw error;
  }
}

/** How the code of an account begins that has a key and lends itself a contract's code (EIP-7702). */
const DELEGATED = "0xef0100";

/** Without signatures, a Safe that knows the question objects, and one that does not says nothing at all. */
async function answersTo(provider: Provider, { address: from, version }: SafeState, owner: string) {
  const method = asksForHash(version) ? "isValidSignature(bytes32,bytes)" : "isValidSignature(bytes,bytes)";
  const data = CONTRACT_OWNER.encodeFunctionData(method, [`0x${"00".repeat(32)}`, "0x"]);
  try {
    return (await provider.call({ from, to: owner, data })) !== "0x";
  } catch (error) {
    const objection = revertDataOf(error);
    if (objection === undefined) throw error;
    return objection !== "0x";
  }
}

/** Something that one person signs for a transaction. */
export interface SigningRequest {
  readonly signer: string;
  /** The Safes through which the signer owns the transaction's Safe, outermost first; empty for a direct owner. */
  readonly onBehalfOf: readonly string[];
  readonly message: TypedMessage;
}

/** What each key behind a Safe may sign so that the transaction goes through. */
export function signingRequests(transaction: SafeTransaction, tree: SafeTree): SigningRequest[] {
  const requests = (
    { state, owners }: SafeTree,
    message: TypedMessage,
    onBehalfOf: readonly string[],
  ): SigningRequest[] =>
    owners.flatMap((owner) => {
      if (owner.kind === "key") return [{ signer: owner.address, onBehalfOf, message }];
      if (owner.kind !== "safe" || !owner.answers) return [];
      const nested = nestedTypedMessage(message, state.version, owner.address);
      return requests(owner.tree, nested, [...onBehalfOf, owner.address]);
    });
  return requests(tree, safeTypedMessage(transaction), []);
}
