import type { DeploymentRecord } from "../../../deploy/index.js";
import { graphqlSource } from "./graphql.js";
import { reconcile } from "./reconcile.js";
import { Rpc } from "./rpc.js";

/** What asks a chain: of an ethers provider, all that is needed here. */
export interface Chain {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/** Compares what a running indexer answers with its chain, and keeps nothing of it. */
export const reconcileRunning = (record: DeploymentRecord, chain: Chain, indexerUrl: string) =>
  reconcile({
    record,
    rpc: new Rpc("the chain", (method, params) => chain.send(method, params)),
    source: graphqlSource(indexerUrl, record.chainId),
    scratch: ":memory:",
  });
