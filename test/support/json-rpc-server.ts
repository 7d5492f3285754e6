import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** What a method answers, or the error that it answers instead. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export type Answers = Record<string, (params: readonly unknown[]) => unknown>;

/** A small JSON-RPC endpoint on a port of its own. A method that it has no answer to is one that it does not offer. */
export async function serveJsonRpc(
  answers: Answers,
): Promise<{ url: string; asked: string[]; stop(): Promise<void> }> {
  const asked: string[] = [];
  const answer = async (method: string, params: readonly unknown[]) => {
    asked.push(method);
    try {
      if (!answers[method]) throw new RpcError(-32601, "the method does not exist");
      return { result: await answers[method](params) };
    } catch (error) {
      return { error: { code: (error as RpcError).code, message: (error as Error).message } };
    }
  };
  const server = createServer((request, response) => {
    void json(request).then(async (body) => {
      const { id, method, params } = body as { id: number; method: string; params: unknown[] };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(await answer(method, params)) }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
