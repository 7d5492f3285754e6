import { ZeroAddress } from "ethers";
import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import type { Given, GivenSignature, Refusal } from "./collect.js";
import { address, bytes, bytes32, faultsIn } from "./fields.js";
import { PLAIN_CALL, safeHashes } from "./hash.js";
import { answerOf } from "./service-answer.js";
import { decodeSignature, encodeSignatures, type OwnerSignature } from "./signatures.js";
import type { SafeTransaction } from "./transaction.js";

/** A transaction that waits at the service, whoever proposed it. */
export interface WaitingTransaction {
  readonly nonce: number;
  readonly safeTxHash: string;
  readonly to: string;
}

/**
 * Safe's transaction service: where owners find what to sign, and leave their signatures. It is believed in nothing: its
 * transactions are compared with ours, and its signatures are checked like everybody else's.
 *
 * Every method throws a {@link Fault} that says what the service answered, or that it did not in time.
 */
export interface TransactionService {
  /** Shows a transaction to the other owners. */
  propose(transaction: SafeTransaction, signature: OwnerSignature): Promise<void>;
  /** Adds an owner's signature to a proposed transaction. */
  confirm(transaction: SafeTransaction, signature: OwnerSignature): Promise<void>;
  /** The signatures that the service has, for {@link collect}. A Fault if its transaction differs from ours. */
  signatures(transaction: SafeTransaction): Promise<Given>;
  /** What waits from this nonce on: a transaction in it that is not ours is going to take the nonce from us. */
  waiting(safe: string, fromNonce: number): Promise<WaitingTransaction[]>;
}

export interface ServiceOptions {
  readonly chainId: number;
  /** Of the API, with the `/api` at its end. */
  readonly url: string;
  /** Only the hosted services want one. */
  readonly apiKey?: string;
  /** For one question. Default 15,000, and for signatures, which may be elsewhere, 5,000 at most. */
  readonly timeoutMs?: number;
}

const SIGNATURES_MS = 5_000;
const AT_ONCE = 100;
/** Nobody lets a thousand transactions wait: a service that always has one more page is broken, or lies. */
const MOST_PAGES = 10;

const integer = z.union([z.string().regex(/^\d+$/), z.int().nonnegative()]).transform(String);
const addressOrNone = address.nullish().transform((found) => found ?? ZeroAddress);

const waitingSchema = z.object({ nonce: integer, safeTxHash: bytes32, to: address });
const transactionSchema = z.object({
  safe: address,
  to: address,
  value: integer,
  data: bytes.nullish().transform((found) => found ?? "0x"),
  operation: integer,
  safeTxGas: integer,
  baseGas: integer,
  gasPrice: integer,
  gasToken: addressOrNone,
  refundReceiver: addressOrNone,
  nonce: integer,
  safeTxHash: bytes32,
  // Without a signature if the owner approved on the chain, which is asked itself.
  confirmations: z.array(z.object({ owner: address, signature: bytes.nullish() })).nullish(),
});

/** Loads `@safe-global/api-kit`, which takes a second. Asks the service nothing yet. */
export async function openService(options: ServiceOptions): Promise<TransactionService> {
  const { chainId, url, apiKey, timeoutMs = 15_000 } = options;
  const module = await import("@safe-global/api-kit");
  // Its types describe the CommonJS build, where the class is one `default` deeper than in the module that is loaded.
  const ApiKit = module.default as unknown as typeof module.default.default;
  if (!URL.canParse(url))
    throw new Fault("The transaction service's URL is none; it looks like https://…/api.");
  const asked = <Answer>(question: () => Promise<Answer>, mostMs = timeoutMs) =>
    answerOf(question, { url, timeoutMs: Math.min(timeoutMs, mostMs) });
  // It refuses at once to go without a key to a service that it knows to want one.
  const kit = await asked(() =>
    Promise.resolve(new ApiKit({ chainId: BigInt(chainId), txServiceUrl: url, apiKey })),
  );

  return {
    propose: async (transaction, signature) => {
      const { to, value, data, nonce } = transaction;
      const plain = { ...PLAIN_CALL, safeTxGas: "0", baseGas: "0", gasPrice: "0" };
      await asked(() =>
        kit.proposeTransaction({
          safeAddress: transaction.safe,
          safeTransactionData: { to, value: value.toString(), data, ...plain, nonce },
          safeTxHash: safeHashes(transaction).safeTxHash,
          senderAddress: signature.owner,
          senderSignature: encodeSignatures([signature]),
          origin: "Holdfast",
        }),
      );
    },

    confirm: async (transaction, signature) => {
      const { safeTxHash } = safeHashes(transaction);
      await asked(() => kit.confirmTransaction(safeTxHash, encodeSignatures([signature])));
    },

    signatures: async (transaction) => {
      const { safeTxHash } = safeHashes(transaction);
      const answer = await asked(() => kit.getTransaction(safeTxHash), SIGNATURES_MS);
      const { confirmations, ...found } = parsed(transactionSchema, answer);
      requireSame(transaction, found);
      return givenBy(new URL(url).host, safeTxHash, confirmations ?? []);
    },

    waiting: async (safe, fromNonce) => {
      const waiting: WaitingTransaction[] = [];
      // The next page is worked out here. Where the service says that it is may be anywhere, and is not asked.
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const page = { currentNonce: fromNonce, limit: AT_ONCE, offset: waiting.length, ordering: "nonce" };
        const answer = await asked(() => kit.getPendingTransactions(safe, page));
        const { results } = parsed(z.object({ results: z.array(waitingSchema).max(AT_ONCE) }), answer);
        waiting.push(...results.map((found) => ({ ...found, nonce: Number(found.nonce) })));
        if (results.length < AT_ONCE) return waiting;
      }
      throw new Fault(
        `The transaction service lists more than ${MOST_PAGES * AT_ONCE} transactions that wait for ${safe}, which cannot ` +
          "be: it was not believed. Signatures can go around as files instead.",
      );
    },
  };
}

function givenBy(
  host: string,
  safeTxHash: string,
  confirmations: readonly { owner: string; signature?: string | null }[],
): Given {
  const signatures: GivenSignature[] = [];
  const refused: Refusal[] = [];
  for (const { owner, signature: given } of confirmations) {
    if (!given) continue;
    const source = `${host} for ${owner}`;
    try {
      const signature = { ...decodeSignature(safeTxHash, given), owner };
      signatures.push({ source, onBehalfOf: [], signature });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refused.push({ source, why: error.message });
    }
  }
  return { signatures, refused };
}

function requireSame(transaction: SafeTransaction, found: Record<string, string>): void {
  const { safe, to, value, data, nonce } = transaction;
  const { safeTxHash } = safeHashes(transaction);
  const ours = { safe, to, value, data: data.toLowerCase(), ...PLAIN_CALL, nonce, safeTxHash };
  const details = Object.entries(ours)
    .filter(([field, expected]) => found[field] !== expected.toString())
    .map(([field, expected]) => `${field}: ${found[field]} there, ${expected} here`);
  if (details.length === 0) return;
  throw new Fault(
    `The transaction service's transaction ${safeTxHash} is not the one in the manifest; do not sign what it shows.`,
    { details },
  );
}

function parsed<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  throw new Fault(`The transaction service answered something else than it should: ${faultsIn(error)}.`);
}
