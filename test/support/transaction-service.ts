import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import * as protocolKit from "@safe-global/protocol-kit";
import type { SafeTransactionData } from "@safe-global/types-kit";
import { dataSlice, getAddress, recoverAddress } from "ethers";

/** A Safe as the service has indexed it. */
export interface IndexedSafe {
  address: string;
  version: "1.5.0" | "1.4.1";
  owners: readonly string[];
  nonce: number;
}

interface Confirmation {
  owner: string;
  signature: string | null;
}

/** A transaction as the service shows it. Numbers come as strings, and some fields as `null`, as the real one does it. */
export type ShownTransaction = Record<string, unknown> & {
  safeTxHash: string;
  confirmations: Confirmation[];
};

/** What to do instead of answering as asked. */
export type Mishap = { status: number; body: string } | "silence" | "hang up";

export interface TransactionServiceDouble {
  /** With `/api` at its end, as api-kit wants it. */
  readonly url: string;
  /** Every request so far: `"GET /v2/…"`. */
  readonly requests: string[];
  /** Happens to every request from now on. */
  mishap: Mishap | undefined;
  /** Changes what is shown of a transaction. */
  lie: (shown: ShownTransaction) => ShownTransaction;
  /** Where the service says that the next page of every list is. */
  next: string | null;
  /** If set, requests without it are turned away. */
  apiKey: string | undefined;
  /** Puts transactions of other people into the list. */
  preload(...shown: ShownTransaction[]): void;
  /** Requests whose connection the client has closed before an answer came. */
  readonly abandoned: string[];
  stop(): Promise<void>;
}

const KNOWN = {
  v1Safe: /^\/v1\/safes\/(\w+)\/$/,
  list: /^\/v2\/safes\/(\w+)\/multisig-transactions\/$/,
  one: /^\/v2\/multisig-transactions\/(\w+)\/$/,
  confirmations: /^\/v1\/multisig-transactions\/(\w+)\/confirmations\/$/,
};

/**
 * A small double of Safe's transaction service: it takes proposals and confirmations, and checks them as the real one
 * does, with Safe's own kit for the hash. Keeps everything in memory.
 */
export async function startTransactionService(
  chainId: number,
  safes: readonly IndexedSafe[],
): Promise<TransactionServiceDouble> {
  const transactions = new Map<string, ShownTransaction>();
  const safeOf = (address: string) => safes.find((safe) => safe.address === address);

  const propose = (safe: IndexedSafe, body: Proposal): Answer => {
    const { contractTransactionHash: safeTxHash, sender, signature, origin, ...data } = body;
    const hash = protocolKit.calculateSafeTransactionHash(safe.address, data, safe.version, BigInt(chainId));
    if (hash !== safeTxHash) {
      return refusal(
        `Contract-transaction-hash=${hash} does not match provided contract-tx-hash=${safeTxHash}`,
      );
    }
    if (data.nonce < safe.nonce)
      return refusal(`Tx with nonce=${data.nonce} for safe=${safe.address} already executed`);
    const owner = ownerOf(safeTxHash, signature);
    if (owner !== sender || !safe.owners.includes(owner)) return refusal(`Signer=${owner} is not an owner`);
    transactions.set(safeTxHash, {
      ...data,
      safe: safe.address,
      data: data.data === "0x" ? null : data.data,
      nonce: data.nonce.toString(),
      safeTxHash,
      origin,
      isExecuted: false,
      confirmations: [{ owner, signature }],
    });
    return { status: 201 };
  };

  const confirm = (shown: ShownTransaction, { signature }: { signature: string }): Answer => {
    const owner = ownerOf(shown.safeTxHash, signature);
    if (!safeOf(shown.safe as string)!.owners.includes(owner)) {
      return { status: 400, body: { signature: [`Signer=${owner} is not an owner.`] } };
    }
    shown.confirmations.push({ owner, signature });
    return { status: 201, body: { signature } };
  };

  const list = (safe: IndexedSafe, query: URLSearchParams): Answer => {
    const [from, offset, limit] = ["nonce__gte", "offset", "limit"].map((name) =>
      Number(query.get(name) ?? 0),
    );
    const all = [...transactions.values()]
      .filter((shown) => shown.safe === safe.address && Number(shown.nonce) >= from!)
      .sort((one, other) => Number(one.nonce) - Number(other.nonce));
    const results = all.slice(offset, offset! + Math.min(limit!, 100)).map(double.lie);
    return { status: 200, body: { count: all.length, next: double.next, previous: null, results } };
  };

  const answer = (method: string, url: URL, body: unknown): Answer => {
    const path = url.pathname.replace(/^\/api/, "");
    if (path === url.pathname) return { status: 404, html: "<h1>Not Found</h1>" };
    const [, listed] = KNOWN.list.exec(path) ?? [];
    const safe = safeOf(listed ?? KNOWN.v1Safe.exec(path)?.[1] ?? "");
    const [, one] = KNOWN.one.exec(path) ?? KNOWN.confirmations.exec(path) ?? [];
    const shown = transactions.get(one ?? "");
    if (safe && listed && method === "POST") return propose(safe, body as Proposal);
    if (safe && listed) return list(safe, url.searchParams);
    if (safe) return { status: 200, body: { address: safe.address, nonce: safe.nonce.toString() } };
    if (shown && method === "POST") return confirm(shown, body as { signature: string });
    if (shown) return { status: 200, body: double.lie(shown) };
    return { status: 404, body: { detail: "No MultisigTransaction matches the given query." } };
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, "http://localhost");
    const name = `${request.method} ${url.pathname}`;
    double.requests.push(name);
    response.on("close", () => {
      if (!response.writableFinished) double.abandoned.push(name);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
    if (double.mishap === "silence") return;
    if (double.mishap === "hang up") return void request.socket.destroy();
    if (double.mishap) return void response.writeHead(double.mishap.status).end(double.mishap.body);
    if (double.apiKey !== undefined && request.headers.authorization !== `Bearer ${double.apiKey}`) {
      return void response
        .writeHead(401)
        .end(JSON.stringify({ message: "Invalid authentication credentials" }));
    }
    const { status, body: answered, html } = answer(request.method!, url, body);
    response.writeHead(status).end(html ?? (answered === undefined ? "" : JSON.stringify(answered)));
  };

  const server = createServer((request, response) => void serve(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const double: TransactionServiceDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests: [],
    abandoned: [],
    mishap: undefined,
    next: null,
    apiKey: undefined,
    lie: (shown) => shown,
    preload: (...shown) => shown.forEach((one) => transactions.set(one.safeTxHash, one)),
    stop: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
  return double;
}

type Proposal = SafeTransactionData & {
  contractTransactionHash: string;
  sender: string;
  signature: string;
  origin: string;
};

interface Answer {
  status: number;
  body?: unknown;
  html?: string;
}

const refusal = (reason: string): Answer => ({ status: 422, body: { nonFieldErrors: [reason] } });

/** A contract names itself in the first word; a key is recovered. */
const ownerOf = (hash: string, signature: string) =>
  Number(dataSlice(signature, 64, 65)) === 0
    ? getAddress(dataSlice(signature, 12, 32))
    : recoverAddress(hash, signature);
