import { subscribe, unsubscribe } from "node:diagnostics_channel";

import prometheus, { type Registry } from "prom-client";

import type { Endpoint } from "./endpoints.js";

/** What Node tells about a request that `fetch` makes. */
interface Told {
  request: { origin: string | URL; path: string };
  response?: { statusCode: number };
  chunk?: Uint8Array;
}

interface Underway {
  endpoint: Endpoint;
  stopClock: () => number;
  fault?: Fault;
  answered?: boolean;
}

/** The metric that counts faults. */
export const RPC_ERRORS = "holdfast_rpc_errors_total";

const faults = ["connection", "http", "rpc", "refused"] as const;
/** No answer, one that is no success, a JSON-RPC error in one that is, or one that the guard did not believe. */
type Fault = (typeof faults)[number];

/** A JSON-RPC answer that has an `error` before anything nested. */
const RPC_ERROR = /^\s*\[?\s*\{[^{[]*"error"\s*:\s*[{"]/;
const HEAD_BYTES = 300;

/**
 * Counts and times every HTTP request to the endpoints, whoever in this process makes it. Ponder's own numbers do not
 * tell endpoints apart. WebSockets are not seen.
 * @returns Stops counting.
 */
export function watchRpc(endpoints: Endpoint[], registry: Registry): () => void {
  const labelNames = ["chain", "endpoint"] as const;
  const registers = [registry];
  const requests = new prometheus.Counter({
    name: "holdfast_rpc_requests_total",
    help: "HTTP requests to RPC endpoints.",
    labelNames,
    registers,
  });
  const errors = new prometheus.Counter({
    name: RPC_ERRORS,
    help: "HTTP requests to RPC endpoints that brought no connection, an HTTP error, a JSON-RPC error or what cannot be true.",
    labelNames: [...labelNames, "fault"] as const,
    registers,
  });
  const durations = new prometheus.Histogram({
    name: "holdfast_rpc_request_duration_seconds",
    help: "Time from a request to an RPC endpoint to the end of its answer or its failure.",
    labelNames,
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const labels = ({ chain, label }: Endpoint) => ({ chain, endpoint: label });
  const byUrl = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const { origin, pathname, search } = new URL(endpoint.url);
    byUrl.set(origin + pathname + search, endpoint);
    // A rate needs a zero to begin at.
    requests.inc(labels(endpoint), 0);
    for (const fault of faults) errors.inc({ ...labels(endpoint), fault }, 0);
  }

  const underway = new WeakMap<object, Underway>();
  const finish = ({ request }: Told, fault?: Fault) => {
    const one = underway.get(request);
    if (!one) return;
    underway.delete(request);
    one.stopClock();
    const outcome = fault ?? one.fault;
    if (outcome) errors.inc({ ...labels(one.endpoint), fault: outcome });
  };
  const listeners: Record<string, (told: Told) => void> = {
    "undici:request:create": ({ request }) => {
      const endpoint = byUrl.get(String(request.origin).replace(/\/$/, "") + request.path);
      if (!endpoint) return;
      requests.inc(labels(endpoint));
      underway.set(request, { endpoint, stopClock: durations.startTimer(labels(endpoint)) });
    },
    "undici:request:headers": ({ request, response }) => {
      const one = underway.get(request);
      if (one && response!.statusCode >= 400) one.fault = "http";
    },
    "undici:request:bodyChunkReceived": ({ request, chunk }) => {
      const one = underway.get(request);
      if (!one || one.answered) return;
      one.answered = true;
      const head = Buffer.from(chunk!.subarray(0, HEAD_BYTES)).toString("utf8");
      if (RPC_ERROR.test(head)) one.fault ??= "rpc";
    },
    "undici:request:trailers": (told) => finish(told),
    "undici:request:error": (told) => finish(told, "connection"),
  };
  const subscriptions = Object.entries(listeners).map(
    ([channel, listen]) => [channel, (told: unknown) => listen(told as Told)] as const,
  );
  for (const [channel, listen] of subscriptions) subscribe(channel, listen);
  return () => subscriptions.forEach(([channel, listen]) => unsubscribe(channel, listen));
}
