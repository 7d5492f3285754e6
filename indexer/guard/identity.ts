import type { FetchGuard, GuardedEndpoint } from "./fetch.js";

/** Which of a chain's endpoints are of another chain, and whether that leaves none that is not. */
export interface Identities {
  /** Those of another chain, each as `host is of chain 7`. */
  others: string[];
  /** Whether every endpoint answered, and none for the chain. Whoever does not answer may be right. */
  isNoneRight: boolean;
}

/** Asks each endpoint of a chain for the chain that it is of. */
export async function identify(
  endpoints: readonly GuardedEndpoint[],
  { ask }: Pick<FetchGuard, "ask">,
): Promise<Identities> {
  const found = await Promise.all(
    endpoints.map(async (endpoint) => {
      const chainId = await ask(endpoint, "eth_chainId", []).then(Number, () => undefined);
      return { ...endpoint, found: chainId };
    }),
  );
  const others = found.filter((one) => one.found !== undefined && one.found !== one.chainId);
  return {
    others: others.map((one) => `${one.label} is of chain ${one.found}`),
    isNoneRight: endpoints.length > 0 && others.length === endpoints.length,
  };
}
