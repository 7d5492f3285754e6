import http, { createServer, type RequestOptions } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

/**
 * Stands in the place of the internet for the libraries of wallets, which ask their vendors for what they may show:
 * every host answers that it knows nothing. So tests need no network, and can tell what would have been asked.
 */
export class NoInternet {
  /** Hosts that were asked. */
  readonly asked = new Set<string>();
  readonly #server = createServer((_request, response) => response.writeHead(404).end());
  readonly #fetch = globalThis.fetch;
  readonly #request = https.request;

  private constructor() {}

  static async begin(): Promise<NoInternet> {
    const nowhere = new NoInternet();
    await new Promise<void>((listening) => nowhere.#server.listen(0, "127.0.0.1", listening));
    nowhere.#replace();
    return nowhere;
  }

  async end(): Promise<void> {
    globalThis.fetch = this.#fetch;
    https.request = this.#request;
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #replace(): void {
    const { port } = this.#server.address() as AddressInfo;
    globalThis.fetch = (input, init) => {
      const { hostname } = new URL(input instanceof Request ? input.url : input);
      if (hostname === "127.0.0.1") return this.#fetch(input, init);
      this.asked.add(hostname);
      return Promise.resolve(new Response(null, { status: 404 }));
    };
    https.request = ((options: RequestOptions, answered: () => void) => {
      this.asked.add(options.hostname ?? options.host ?? "");
      const { method, headers } = options;
      return http.request({ host: "127.0.0.1", port, path: "/", method, headers }, answered);
    }) as typeof https.request;
  }
}
