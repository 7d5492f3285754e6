import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { Registry } from "prom-client";

import { endpointsOf } from "../../../indexer/watch/endpoints.js";
import { watchRpc } from "../../../indexer/watch/rpc.js";

/** What the server answers to the path that is asked. */
const answers: Record<string, [status: number, body: string]> = {
  "/good": [200, '{"jsonrpc":"2.0","id":1,"result":{"error":"is no error here"}}'],
  "/rpc": [200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"slow down"}}'],
  "/http": [503, "come back later"],
};

describe("watched RPC endpoints", () => {
  it("are named by their host, never by the rest of their URL", () => {
    const rpc = [
      "https://a.example/v2/KEY",
      "https://a.example/v2/OTHER",
      "https://b.example:8545",
      "https://a.example/v2/KEY",
    ];
    expect(endpointsOf({ name: "mainnet", rpc }).map(({ label }) => label)).to.deep.equal([
      "a.example",
      "a.example#2",
      "b.example:8545",
    ]);
  });

  describe("count", () => {
    let server: Server;
    let base: string;
    let registry: Registry;
    let stop: () => void;

    beforeEach(async () => {
      server = createServer((request, response) => {
        const [status, body] = answers[request.url!]!;
        response.writeHead(status).end(body);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      registry = new Registry();
      const urls = Object.keys(answers).map((path) => base + path);
      stop = watchRpc(endpointsOf({ name: "mainnet", rpc: urls }), registry);
    });
    afterEach(() => {
      stop();
      server.close();
      server.closeAllConnections();
    });

    /** A metric's values that are not zero, by endpoint (counted from 1) and fault. */
    const counted = async (name: string) => {
      const { values } = (await registry.getSingleMetric(name)!.get()) as {
        values: { value: number; labels: Record<string, string>; metricName?: string }[];
      };
      return Object.fromEntries(
        values
          .filter(({ value, metricName }) => value !== 0 && (metricName ?? "_count").endsWith("_count"))
          .map(({ value, labels }) => [
            [labels.endpoint!.split("#")[1] ?? "1", labels.fault].filter(Boolean).join(" "),
            value,
          ]),
      );
    };
    const ask = async (path: string) => (await fetch(base + path, { method: "POST", body: "{}" })).text();

    it("requests, and which of them brought a JSON-RPC error or none at all", async () => {
      for (const path of ["/good", "/good", "/rpc", "/http"]) await ask(path);
      expect(await counted("holdfast_rpc_requests_total")).to.deep.equal({ "1": 2, "2": 1, "3": 1 });
      expect(await counted("holdfast_rpc_errors_total")).to.deep.equal({ "2 rpc": 1, "3 http": 1 });
      expect(await counted("holdfast_rpc_request_duration_seconds")).to.deep.equal({
        "1": 2,
        "2": 1,
        "3": 1,
      });
    });

    it("what nobody answers", async () => {
      server.close();
      server.closeAllConnections();
      await fetch(`${base}/good`).catch(() => undefined);
      expect(await counted("holdfast_rpc_errors_total")).to.deep.equal({ "1 connection": 1 });
    });

    it("nothing else that this process asks", async () => {
      answers["/other"] = [200, "{}"];
      await ask("/other");
      expect(await counted("holdfast_rpc_requests_total")).to.deep.equal({});
    });
  });
});
