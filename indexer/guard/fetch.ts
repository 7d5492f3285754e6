import type { Endpoint } from "../watch/endpoints.js";
import { ChainAnswers, type RpcCall } from "./answers.js";

/** An endpoint, with what is known of its chain. */
export interface GuardedEndpoint extends Endpoint {
  chainId: number;
  answers: ChainAnswers;
}

export interface FetchGuard {
  /** Asks an endpoint as if there were no guard. Throws if it has no result. */
  ask(endpoint: Endpoint, method: string, params: readonly unknown[]): Promise<unknown>;
  /** Guards no more. */
  stop(): void;
}

type Fetch = typeof globalThis.fetch;

/** How long an endpoint that named its chain is believed to be of it. */
const SAME_CHAIN_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** A server error of JSON-RPC, after which Ponder asks again, if there are others somebody else. */
const REFUSED = -32_000;

export interface FetchGuardOptions {
  /** Whether ranges of logs are asked of a second endpoint as well, which must say the same. */
  confirms?: boolean;
  /** Is told of each answer that was not believed. */
  onRefusal?: (endpoint: GuardedEndpoint) => void;
}

/**
 * Looks at what RPC endpoints answer before anybody in this process believes it. An answer that cannot be true becomes a
 * JSON-RPC error, so that Ponder counts it against the endpoint and asks again. Only HTTP is looked at.
 */
export function guardFetch(
  endpoints: readonly GuardedEndpoint[],
  { confirms = false, onRefusal }: FetchGuardOptions = {},
): FetchGuard {
  const unguarded: Fetch = globalThis.fetch;
  const byUrl = new Map(endpoints.map((endpoint) => [new URL(endpoint.url).href, endpoint]));
  const identities = new Map<GuardedEndpoint, { askedAt: number; found?: number }>();

  const ask = async ({ url }: Endpoint, method: string, params: readonly unknown[]): Promise<unknown> => {
    const response = await unguarded(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { result } = (await response.json()) as { result?: unknown };
    if (result === undefined) throw new Error("no result");
    return result;
  };

  const otherChainOf = async (endpoint: GuardedEndpoint): Promise<number | undefined> => {
    let identity = identities.get(endpoint);
    if (!identity || Date.now() - identity.askedAt > SAME_CHAIN_MS) {
      // One that does not answer this will hardly answer more.
      const found = await ask(endpoint, "eth_chainId", []).then(Number, () => undefined);
      if (found === undefined) return undefined;
      identities.set(endpoint, (identity = { askedAt: Date.now(), found }));
    }
    return identity.found === endpoint.chainId ? undefined : identity.found;
  };

  const contradicted = async (endpoint: GuardedEndpoint, { params = [] }: RpcCall, logs: unknown) => {
    const other = endpoints.find((one) => one.chain === endpoint.chain && one.url !== endpoint.url);
    if (!other) return undefined;
    const others = await ask(other, "eth_getLogs", params).catch(() => undefined);
    if (others === undefined) return `returned logs that ${other.label} could not confirm`;
    if (placesOf(others) === placesOf(logs)) return undefined;
    return `returned other logs than ${other.label} for the same blocks`;
  };

  const fetchGuarded: Fetch = async (input, init) => {
    const endpoint = byUrl.get(new URL(input instanceof Request ? input.url : input).href);
    if (!endpoint) return await unguarded(input, init);
    const request = new Request(input, init);
    const call = callIn(await request.clone().text());
    const refuse = (why: string) => {
      onRefusal?.(endpoint);
      return refusal(call, `RPC endpoint ${endpoint.label} ${why}`);
    };

    const otherChain = await otherChainOf(endpoint);
    if (otherChain !== undefined)
      return refuse(`is of chain ${otherChain}, not of chain ${endpoint.chainId}`);
    const response = await unguarded(request).catch((error: unknown) => {
      // Whoever comes back may be somebody else.
      identities.delete(endpoint);
      throw error;
    });
    const isRange = confirms && call?.method === "eth_getLogs" && !endpoint.answers.concerns(call);
    if (!call || !response.ok || !(isRange || endpoint.answers.concerns(call))) return response;

    const text = await response.text();
    const answer = () => new Response(text, { status: response.status, headers: headersOf(response) });
    const body = parsed(text);
    if (!body || !("result" in body)) return answer();
    if (isRange) {
      const why = await contradicted(endpoint, call, body.result);
      return why === undefined ? answer() : refuse(why);
    }
    const verdict = await endpoint.answers.judge(call, body.result, (method, params) =>
      ask(endpoint, method, params).catch(() => undefined),
    );
    if (verdict === undefined) return answer();
    return "refuse" in verdict ? refuse(verdict.refuse) : Response.json({ ...body, result: verdict.instead });
  };

  globalThis.fetch = fetchGuarded;
  return {
    ask,
    stop: () => {
      if (globalThis.fetch === fetchGuarded) globalThis.fetch = unguarded;
    },
  };
}

/** The one call that a request makes, or nothing of a batch and of what is no JSON-RPC. */
function callIn(body: string): RpcCall | undefined {
  const call = parsed(body);
  return typeof call?.method === "string" ? (call as unknown as RpcCall) : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const refusal = (call: RpcCall | undefined, message: string) =>
  Response.json({ jsonrpc: "2.0", id: call?.id ?? null, error: { code: REFUSED, message } });

/** Without what was true of the encoded body only. */
function headersOf({ headers }: Response): Headers {
  const kept = new Headers(headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) kept.delete(name);
  return kept;
}

/** Where logs are, in an order of their own. */
function placesOf(logs: unknown): string {
  const places = (logs as { blockHash: string; logIndex: string }[]).map(
    ({ blockHash, logIndex }) => `${blockHash}/${logIndex}`,
  );
  return places.sort().join();
}
