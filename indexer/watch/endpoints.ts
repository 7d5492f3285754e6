import type { IndexedChain } from "../deployments.js";

/** An RPC endpoint as metrics and logs name it. */
export interface Endpoint {
  chain: string;
  url: string;
  /** Its host, and `#2` for a second URL there: the rest of a URL may be somebody's key. */
  label: string;
}

/** Every endpoint of a chain once, however often it is named. */
export function endpointsOf({ name, rpc }: Pick<IndexedChain, "name" | "rpc">): Endpoint[] {
  const atHost = new Map<string, number>();
  return [...new Set(rpc)].map((url) => {
    const { host } = new URL(url);
    const n = (atHost.get(host) ?? 0) + 1;
    atHost.set(host, n);
    return { chain: name, url, label: n === 1 ? host : `${host}#${n}` };
  });
}
