import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import type { EIP1193Provider } from "hardhat/types/providers";

import type { Stoppable } from "../running.js";

/** What a fork asks of the chain it was taken from. Nothing that signs, sends or changes anything. */
const READS =
  /^(eth_(blockNumber|call|chainId|feeHistory|gasPrice|get\w+|maxPriorityFeePerGas)|net_version)$/;

interface Request {
  id: unknown;
  method: string;
  params?: unknown[];
}

/**
 * Lets a local process read a chain through a connection of ours. The endpoint's own URL, which may contain a key, stays
 * in this process instead of standing in another one's command line.
 */
export async function relay(provider: EIP1193Provider): Promise<Stoppable & { url: string }> {
  const answer = async ({ id, method, params = [] }: Request) => {
    const respond = (content: object) => ({ jsonrpc: "2.0", id, ...content });
    if (!READS.test(method))
      return respond({ error: { code: -32601, message: `${method} only reads here` } });
    try {
      return respond({ result: (await provider.request({ method, params })) as unknown });
    } catch {
      // The reason may name the endpoint.
      return respond({ error: { code: -32000, message: `the forked chain did not answer ${method}` } });
    }
  };
  const reply = async (message: IncomingMessage) => {
    const request = JSON.parse(await text(message)) as Request | Request[];
    return await (Array.isArray(request) ? Promise.all(request.map(answer)) : answer(request));
  };

  const server = createServer((message, response) => {
    reply(message).then(
      (content) => response.setHeader("content-type", "application/json").end(JSON.stringify(content)),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
