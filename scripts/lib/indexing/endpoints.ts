import { Fault } from "../../../deploy/fault.js";

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Asks every RPC endpoint for its chain. One that does not answer is passed over: it may come back, and others may do
 * without it.
 *
 * @param answering Whether each has to answer, now.
 * @throws {@link Fault} that names those of another chain, by place and host: the rest of a URL may hold a key.
 */
export async function requireChains(
  rpcUrls: Record<number, string | string[]>,
  { answering = false } = {},
): Promise<void> {
  const endpoints = Object.entries(rpcUrls).flatMap(([chainId, urls]) =>
    [urls]
      .flat()
      .map((url, i) => ({ wanted: Number(chainId), url, name: `endpoint ${i + 1} (${hostOf(url)})` })),
  );
  const wrong = await Promise.all(
    endpoints.map(async ({ wanted, url, name }) => {
      const found = await chainIdAt(url).catch(() => undefined);
      if (found === undefined && answering) return [`PONDER_RPC_URL_${wanted}, ${name}: does not answer`];
      if (found === undefined || found === wanted) return [];
      return [`PONDER_RPC_URL_${wanted}, ${name}: answers for chain ${found}`];
    }),
  );
  const details = wrong.flat();
  if (details.length > 0) {
    const what = answering ? "is of another chain or away" : "is of another chain";
    throw new Fault(`The indexer was not started, because an RPC endpoint ${what}. Replace it:`, {
      details,
    });
  }
}

async function chainIdAt(url: string): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const { result } = (await response.json()) as { result?: string };
  const chainId = Number(result);
  if (!Number.isSafeInteger(chainId)) throw new Error("no chain id");
  return chainId;
}

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : "not a URL");
