import { Fault } from "../../deploy/fault.js";

/** The number of the latest block at a JSON-RPC endpoint. */
export async function latestBlock(url: string): Promise<number> {
  return Number(await ask(url, "eth_blockNumber", []));
}

/**
 * Asks the first of several endpoints that answers.
 *
 * @throws {@link Fault} if none does.
 */
export async function askFirst(
  urls: readonly string[],
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  const problems: string[] = [];
  for (const url of urls) {
    try {
      return await ask(url, method, params);
    } catch (error) {
      problems.push(`${new URL(url).host}: ${(error as Error).message}`);
    }
  }
  throw new Fault(`No RPC endpoint answers ${method}:`, { details: problems });
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (result === undefined) throw new Error(`${method} has no result: ${error?.message ?? "none"}`);
  return result;
}
