import { setTimeout as sleep } from "node:timers/promises";

import { Transaction, getAddress, isHexString, toQuantity, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { plain } from "../plain.js";
import { checked } from "./checked.js";
import { Declined } from "./declined.js";
import type { Signer, Submission, UnsignedTransaction } from "./signer.js";
import { changes } from "./transaction.js";
import { typedDataPayload } from "./typed-data.js";

export interface WalletOptions {
  /** Where the wallet answers JSON-RPC over HTTP: Frame's `http://127.0.0.1:1248`, or a local chain with open accounts. */
  readonly url: string;
  /** As which of the wallet's accounts; may be left out where it offers only one. */
  readonly address?: string;
  /** Tells what a wallet has really sent: the network's own provider, never the wallet's. */
  readonly chain: Pick<Provider, "getTransaction">;
  /** How long a person may take to decide, in milliseconds. */
  readonly personMs: number;
  /** How long a transaction may take to be seen on the chain after the wallet sent it, in milliseconds. */
  readonly sentMs: number;
}

/** The wallet does not offer the method, as JSON-RPC, EIP-1193 and EIP-1474 say it. */
const NOT_OFFERED = [-32601, 4200, -32004];
const DECLINED = 4001;
const LOOK_EVERY_MS = 250;

/** What a wallet answers instead of a result. */
class Refusal extends Fault {
  constructor(
    readonly code: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

/** Any wallet that answers JSON-RPC: its accounts sign, and its owner decides in its window. */
export async function openWallet(options: WalletOptions): Promise<Signer> {
  const ask = asker(options);
  const address = await accountOf(ask, options.address);
  return checked({
    kind: "wallet",
    address,
    signTypedData: async (message) =>
      String(await ask("eth_signTypedData_v4", [address, JSON.stringify(typedDataPayload(message))])),
    signTransaction: async (transaction, { keep = false, beforeSending } = {}) => {
      await requireChain(ask, transaction.chainId);
      const request = requestOf(address, transaction);
      const raw = await offered(ask("eth_signTransaction", [request]));
      if (raw !== undefined) return { raw: rawOf(raw) };
      if (keep) {
        throw new Fault(
          "This wallet can only sign and send at once, and this is to be kept ready, unsent: use another signer.",
        );
      }
      await beforeSending?.();
      const hash = await offered(ask("eth_sendTransaction", [request]));
      if (hash === undefined) throw new Declined("This wallet neither signs nor sends transactions.");
      if (!isHexString(hash, 32)) {
        throw new Fault("The wallet answered eth_sendTransaction with something that is no hash.", {
          details: [
            `Look into the wallet before you go on; the transaction uses nonce ${transaction.nonce}.`,
          ],
        });
      }
      return requireSent(options, address, transaction, hash);
    },
    close: () => Promise.resolve(),
  });
}

type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Faults name the wallet by its host alone: the rest of a URL may be a secret. */
function asker({ url, personMs }: WalletOptions): Ask {
  const { host } = new URL(url);
  return async (method, params) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(personMs),
    }).catch((cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "TimeoutError") {
        throw new Fault(`The wallet at ${host} did not answer ${method} within ${personMs / 1_000} s.`);
      }
      throw new Fault(`No wallet answers at ${host}: is it running, and unlocked?`);
    });
    const { result, error } = await answerOf(response, host);
    if (error?.code === DECLINED)
      throw new Declined(`Its owner declined ${method} in the wallet at ${host}.`);
    if (error)
      throw new Refusal(
        error.code,
        `The wallet at ${host} refused ${method}: ${plain(String(error.message))}`,
      );
    return result;
  };
}

async function answerOf(
  response: Response,
  host: string,
): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  try {
    return (await response.json()) as object;
  } catch {
    throw new Fault(`What answers at ${host} is no JSON-RPC wallet (HTTP status ${response.status}).`);
  }
}

/** The answer, or nothing if the wallet does not offer the method. */
async function offered(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (error instanceof Refusal && NOT_OFFERED.includes(error.code)) return undefined;
    throw error;
  });
}

async function accountOf(ask: Ask, wanted: string | undefined): Promise<string> {
  const answer = (await offered(ask("eth_requestAccounts", []))) ?? (await ask("eth_accounts", []));
  const accounts = (Array.isArray(answer) ? answer : []).map((account) => getAddress(String(account)));
  if (wanted === undefined) {
    if (accounts.length === 1) return accounts[0]!;
    throw new Fault(`The wallet offers ${accounts.length} accounts: say which one.`, { details: accounts });
  }
  const address = getAddress(wanted);
  if (accounts.includes(address)) return address;
  throw new Fault(`The wallet does not offer ${address}: choose it there, or connect the right wallet.`, {
    details: accounts.map((account) => `it offers ${account}`),
  });
}

/** A wallet signs and sends for the chain that it is on, whatever the transaction says. */
async function requireChain(ask: Ask, chainId: number): Promise<void> {
  const found = Number(await ask("eth_chainId", []));
  if (found !== chainId) throw new Fault(`The wallet is on chain ${found}: switch it to chain ${chainId}.`);
}

/** Every field is fixed, so that nothing is left for the wallet to choose. */
function requestOf(from: string, transaction: UnsignedTransaction): Record<string, unknown> {
  const { to, data, value, chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  return {
    from,
    to,
    data,
    type: "0x2",
    accessList: [],
    chainId: toQuantity(chainId),
    nonce: toQuantity(nonce),
    value: toQuantity(value),
    gas: toQuantity(gasLimit),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
  };
}

/** Wallets answer `eth_signTransaction` with the bytes, geth and its like with the bytes and the fields. */
function rawOf(answer: unknown): string {
  const isObject = typeof answer === "object" && answer !== null;
  return String(isObject && "raw" in answer ? answer.raw : answer);
}

/** Looks up on the chain what the wallet has sent: the one thing that a wallet cannot lie about. */
async function requireSent(
  { chain, sentMs }: WalletOptions,
  address: string,
  asked: UnsignedTransaction,
  hash: string,
): Promise<Submission> {
  // A chain that does not answer must not make anybody forget what was sent.
  const look = () => chain.getTransaction(hash).catch(() => null);
  const until = Date.now() + sentMs;
  let seen = await look();
  while (seen === null) {
    if (Date.now() > until) {
      throw new Fault(`The wallet says that it sent ${hash}, but the chain does not know it.`, {
        details: [`Look into the wallet before you go on; the transaction uses nonce ${asked.nonce}.`],
      });
    }
    await sleep(LOOK_EVERY_MS);
    seen = await look();
  }
  const sent = Transaction.from(seen);
  const details = changes(asked, sent);
  if (sent.from !== address) details.unshift(`from: asked ${address}, found ${sent.from}`);
  if (details.length > 0) {
    throw new Fault(`The wallet has sent another transaction than it was given: ${hash}.`, { details });
  }
  return { sent: hash };
}
