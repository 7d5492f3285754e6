import type { Registry } from "prom-client";

import type { IndexedChain } from "../deployments.js";
import { endpointsOf } from "./endpoints.js";
import { watchLogs, type LogListener, type Logger, type WatchedLogs } from "./logs.js";
import { watchRpc } from "./rpc.js";

/** What Ponder shares with the code that it runs. It is no public interface: the tests say so if another version differs. */
interface PonderCommon {
  logger: Logger;
  options: { logLevel: WatchedLogs["level"] };
  metrics: { registry: Registry };
  apiShutdown: { abortController: AbortController };
}

const common = (globalThis as { PONDER_COMMON?: PonderCommon }).PONDER_COMMON;

/** The metrics that Ponder answers `/metrics` with. */
export function ponderRegistry(): Registry {
  if (!common) throw new Error("PONDER_COMMON is missing: metrics exist only in a process that Ponder runs.");
  return common.metrics.registry;
}

/** The logger of this process. */
export const ponderLogger = () => common?.logger;

/** Aborts when this process is told to end. */
export const ponderShutdown = () => common?.apiShutdown.abortController.signal;

/**
 * Counts the requests to RPC endpoints and watches the log from now on. Does nothing outside Ponder and a second time.
 * @param listener Is told every log record.
 */
export function watch(chains: IndexedChain[], listener?: LogListener): void {
  const registry = common?.metrics.registry;
  if (!registry || registry.getSingleMetric("holdfast_rpc_requests_total")) return;
  watchRpc(chains.flatMap(endpointsOf), registry);
  const contracts = chains.flatMap(({ addresses, tokens }) => [
    ...Object.values(addresses),
    ...tokens.map(({ address }) => address),
  ]);
  watchLogs(common.logger, {
    level: common.options.logLevel,
    chains,
    contracts: new Set(contracts.map((address) => address.toLowerCase())),
    registry,
    listener,
  });
}
