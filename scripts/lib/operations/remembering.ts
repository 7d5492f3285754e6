import { BrowserProvider } from "ethers";
import type { EIP1193Provider, RequestArguments } from "hardhat/types/providers";

import type { Suite } from "./suite.js";

/** Requests on their way at once: what public endpoints answer without complaint. */
const AT_ONCE = 16;

/** What a chain answers alike for as long as one look at it takes. */
const READS = /^eth_(blockNumber|call|chainId|get\w+)$/;

/**
 * The same suite, seen through a connection that asks the chain nothing twice: whoever looks at many things at once may
 * ask for each of them as if it were the only one. Good for one look; what changes meanwhile is not seen.
 */
export function remembering(suite: Suite): Suite {
  const provider = rememberingProvider(suite.connection.provider);
  const ethers = withOwn(suite.connection.ethers, {
    provider: new BrowserProvider(provider) as unknown as Suite["connection"]["ethers"]["provider"],
  });
  return { ...suite, connection: withOwn(suite.connection, { provider, ethers }) };
}

/** What was asked already is not asked again, even if the answer is still on its way. Failures are not remembered. */
function rememberingProvider(provider: EIP1193Provider): Suite["connection"]["provider"] {
  const answers = new Map<string, Promise<unknown>>();
  const inTurn = atMost(AT_ONCE);
  const request = async (given: RequestArguments): Promise<unknown> => {
    if (!READS.test(given.method)) return await provider.request(given);
    const key = JSON.stringify([given.method, given.params]);
    const known = answers.get(key);
    if (known !== undefined) return await known;
    const answer = inTurn(() => provider.request(given));
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return await answer;
  };
  return withOwn(provider as Suite["connection"]["provider"], { request });
}

/** Lets so much work run at once, and the rest wait for its turn. */
function atMost(count: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Whoever comes next takes this place over.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** An object with some of its properties replaced, of which some are getters. */
const withOwn = <Whole extends object>(whole: Whole, own: Partial<Whole>): Whole =>
  Object.create(
    whole,
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value, enumerable: true }])),
  ) as Whole;
