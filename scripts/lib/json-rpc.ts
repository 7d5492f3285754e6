/** The number of the latest block at a JSON-RPC endpoint. */
export async function latestBlock(url: string): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] }),
  });
  const { result, error } = (await response.json()) as { result?: string; error?: { message: string } };
  if (result === undefined)
    throw new Error(`${url} does not tell its latest block: ${error?.message ?? "no result"}`);
  return Number(result);
}
