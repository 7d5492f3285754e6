import type { Finding, Outcome } from "./finding.js";
import type { Limits } from "./site.js";

const TIMEOUT_MS = 5_000;

interface Asking {
  /** Where the read model answers. */
  readonly indexer: string;
  readonly network: string;
  readonly chainId: number;
  /** The chain's head, if any endpoint tells it. */
  readonly head?: number;
  readonly limits: Limits;
}

/** Whether the read model answers, and how far it is from the head. Not by `/ready`: a stopped sync goes on saying that it is. */
export async function findIndexLag({ indexer, network, chainId, head, limits }: Asking): Promise<Outcome> {
  const find = (reason: string, sentence: string, command: string): Finding => ({
    ...{ check: "index", reason, subject: indexer, sentence, command },
  });
  const looked = indexer;
  let block: number | undefined;
  try {
    block = await indexedBlock(indexer, chainId);
  } catch (problem) {
    const sentence = `The read model at ${indexer} does not answer (${(problem as Error).message}). Payments were listed by the chain's logs instead.`;
    return { findings: [find("index_down", sentence, "npm run indexer:start")], looked };
  }
  if (block === undefined) {
    const sentence = `The read model at ${indexer} answers, and has no chain ${chainId}.`;
    return {
      findings: [find("chain_not_indexed", sentence, `HOLDFAST_CHAINS=${chainId} npm run indexer:start`)],
      looked,
    };
  }
  if (head === undefined) {
    const why = `The read model is at block ${block}, and no endpoint tells how far the chain is.`;
    return { findings: [], unknown: [{ why }], looked };
  }
  const lag = head - block;
  if (lag > limits.lag) {
    const sentence = `The read model is at block ${block}, ${lag} blocks behind the chain.`;
    return {
      findings: [find("index_behind", sentence, `npx hardhat triage chain --network ${network}`)],
      looked,
    };
  }
  if (-lag > limits.lag) {
    const sentence =
      `The read model is at block ${block}, ${-lag} blocks ahead of every endpoint: either they are stale, or it followed a ` +
      "branch that the chain has left. Ask an endpoint of another provider; if that has not come so far either, the read model is wrong.";
    const command = `npx hardhat triage chain --network ${network} --rpc <another provider's endpoint>`;
    return { findings: [find("index_ahead", sentence, command)], looked };
  }
  const distance = lag < 0 ? `${-lag} blocks ahead` : `${lag} blocks behind`;
  return { findings: [], looked: `${looked}, ${distance}` };
}

/** The last block of the chain that the read model has, or nothing if it does not follow it. */
async function indexedBlock(url: string, chainId: number): Promise<number | undefined> {
  const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (problem: Error & { cause?: { code?: string } }) => {
      throw new Error(problem.cause?.code ?? problem.name, { cause: problem });
    },
  );
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const status = (await response.json().catch(() => undefined)) as
    Record<string, { id?: number; block?: { number?: number } }> | undefined;
  if (typeof status !== "object") throw new Error("its status is nonsense");
  const chain = Object.values(status).find(({ id }) => id === chainId);
  return chain?.block?.number;
}
