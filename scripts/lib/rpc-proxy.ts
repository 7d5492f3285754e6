import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** What an indexer asks of a chain. */
export interface RpcCall {
  method: string;
  params: readonly unknown[];
}

/** How a call is answered other than truthfully. */
export type Misanswer =
  | { as: "dead" }
  | { as: "silence" }
  | { as: "slow"; ms: number }
  | { as: "status"; status: number }
  | { as: "error"; code: number; message: string }
  | { as: "half" }
  /** As if the chain's latest block were one that far below it. */
  | { as: "earlier"; blocks: number }
  /** What the chain at another URL answers. */
  | { as: "other"; url: string }
  | { as: "lie"; about: (result: unknown) => unknown };

export type Behaviour = (call: RpcCall) => Misanswer | undefined;

/** Stands between an indexer and its chain and answers as it is told to; truthfully, until told otherwise. */
export class RpcProxy {
  #behaviour: Behaviour = () => undefined;
  #watch: (call: RpcCall) => void = () => {};
  readonly #server;

  private constructor(private readonly chainUrl: string) {
    this.#server = createServer((request, response) => {
      // Whoever asked may be gone before it has its answer.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(chainUrl: string): Promise<RpcProxy> {
    const proxy = new RpcProxy(chainUrl);
    await new Promise<void>((listening) => proxy.#server.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on answers as `behaviour` says, and truthfully where it says nothing. */
  behave(behaviour: Behaviour = () => undefined): void {
    this.#behaviour = behaviour;
  }

  /** Says what was true so many blocks ago. */
  lagBy(blocks: number): void {
    const isHead = (result: unknown): result is string =>
      typeof result === "string" && /^0x[0-9a-f]{1,12}$/.test(result);
    const about = (result: unknown) =>
      isHead(result) ? `0x${Math.max(Number(result) - blocks, 0).toString(16)}` : result;
    this.behave(({ method, params }) => {
      // Several calls in one request are the metrics', which ask for the head.
      if (method === undefined || method === "eth_blockNumber") return { as: "lie", about };
      const isLatest = method === "eth_getBlockByNumber" && params[0] === "latest";
      return isLatest ? { as: "earlier", blocks } : undefined;
    });
  }

  /** Calls `watch` before each answer. */
  watch(watch: (call: RpcCall) => void = () => {}): void {
    this.#watch = watch;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const call = JSON.parse(body) as RpcCall & { id: number };
    this.#watch(call);
    const misanswer = this.#behaviour(call);
    switch (misanswer?.as) {
      case "dead":
        return void request.socket.destroy();
      case "silence":
        return;
      case "slow":
        await sleep(misanswer.ms);
        return void response.end(await this.#ask(body));
      case "status":
        response.statusCode = misanswer.status;
        return void response.end(JSON.stringify({ error: `status ${misanswer.status}` }));
      case "error": {
        const { code, message } = misanswer;
        return void response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, error: { code, message } }));
      }
      case "half": {
        const answer = await this.#ask(body);
        return void response.end(answer.slice(0, answer.length / 2));
      }
      case "earlier": {
        const { result } = JSON.parse(await this.#ask(body)) as { result: { number: string } };
        const number = `0x${(Number(result.number) - misanswer.blocks).toString(16)}`;
        const params = [number, ...call.params.slice(1)];
        return void response.end(await this.#ask(JSON.stringify({ ...call, params })));
      }
      case "other":
        return void response.end(await this.#ask(body, misanswer.url));
      case "lie": {
        type Answer = { result?: unknown };
        const lie = (answer: Answer) => ({ ...answer, result: misanswer.about(answer.result) });
        const answer = JSON.parse(await this.#ask(body)) as Answer | Answer[];
        return void response.end(JSON.stringify(Array.isArray(answer) ? answer.map(lie) : lie(answer)));
      }
      case undefined:
        return void response.end(await this.#ask(body));
    }
  }

  async #ask(body: string, url = this.chainUrl): Promise<string> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return await response.text();
  }
}
