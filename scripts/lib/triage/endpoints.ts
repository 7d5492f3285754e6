import { plain } from "../plain.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import type { Limits } from "./site.js";

const TIMEOUT_MS = 5_000;

/** An RPC endpoint, under the name by which it may be shown: the rest of a URL may be a key. */
export interface Endpoint {
  readonly url: string;
  readonly label: string;
}

/** What an endpoint says of its chain. */
export interface Head {
  readonly chainId: number;
  readonly block: number;
  readonly hash: string;
  /** Unix seconds. */
  readonly time: number;
}

export interface Look {
  readonly endpoint: Endpoint;
  readonly head?: Head;
  /** Why there is no head. */
  readonly problem?: string;
}

/** Looks at each endpoint. */
export const lookAt = (endpoints: readonly Endpoint[]): Promise<Look[]> =>
  Promise.all(
    endpoints.map(async (endpoint) => {
      try {
        return { endpoint, head: await readHead(endpoint.url) };
      } catch (problem) {
        return { endpoint, problem: sentenceOf(problem, endpoint) };
      }
    }),
  );

interface Clock {
  readonly limits: Limits;
  /** Unix seconds; undefined where a chain's time is its own, as on a local one. */
  readonly now?: number;
}

interface Judging extends Clock {
  readonly network: string;
  readonly chainId: number;
}

/** How a head is not the chain's as it is now, of which the best endpoint is at block `best`; nothing if it may be. */
export function lagOf(
  { block, time }: Head,
  best: number,
  { limits, now }: Clock,
): { reason: "endpoint_behind" | "head_old"; words: string } | undefined {
  if (best - block > limits.lag)
    return { reason: "endpoint_behind", words: `it is ${best - block} blocks behind another one` };
  if (now !== undefined && now - time > limits.headAge)
    return { reason: "head_old", words: `its last block is ${Math.round((now - time) / 60)} minutes old` };
  return undefined;
}

/** Judges the endpoints one by one, and by each other. */
export async function judgeEndpoints(looks: readonly Look[], judging: Judging): Promise<Outcome> {
  const findings: Finding[] = [];
  const { chainId } = judging;
  const commands = commandsOf(judging);
  const find = ({ endpoint }: Look, reason: string, sentence: string) =>
    findings.push({ check: "chain", reason, subject: endpoint.label, sentence, command: commands[reason]! });

  const right = looks.filter((look) => look.head?.chainId === chainId) as (Look & { head: Head })[];
  const best = Math.max(...right.map(({ head }) => head.block));
  for (const look of looks) {
    const { endpoint, head } = look;
    const name = `The endpoint ${endpoint.label}`;
    if (head === undefined) find(look, "endpoint_down", `${name} does not answer: ${look.problem}.`);
    else if (head.chainId !== chainId)
      find(look, "wrong_chain", `${name} is of chain ${head.chainId}, not ${chainId}.`);
    else {
      const lag = lagOf(head, best, judging);
      if (lag) find(look, lag.reason, `${name} is not up to date: ${lag.words}.`);
    }
  }
  const { different, unknown } = await compareHashes(right);
  if (different) {
    const sentence = `The endpoints disagree about block ${different.block}: ${different.hashes.join(", ")}.`;
    const subject = `block ${different.block}`;
    const reason = "endpoints_disagree";
    findings.push({ check: "chain", reason, subject, sentence, command: commands[reason]! });
  }
  return { findings, unknown, looked: `${looks.length} endpoints` };
}

/** What to do about each. */
function commandsOf({ network, chainId }: Judging): Record<string, string> {
  const anew = `PONDER_RPC_URL_${chainId}=<another endpoint> npm run indexer:start`;
  return {
    endpoint_down: anew,
    wrong_chain: anew,
    endpoint_behind: anew,
    head_old: `npx hardhat triage chain --network ${network} --rpc <another provider's endpoint>`,
    endpoints_disagree: `npx hardhat triage chain --network ${network} --rpc <a third provider's endpoint>`,
  };
}

/** Compares a block that every endpoint of the chain should have. */
async function compareHashes(looks: readonly (Look & { head: Head })[]): Promise<{
  different?: { block: number; hashes: string[] };
  unknown: Omit<Unknown, "check">[];
}> {
  if (looks.length < 2) return { unknown: [] };
  const block = Math.min(...looks.map(({ head }) => head.block));
  const answers = await Promise.all(
    looks.map(async ({ endpoint }) => {
      try {
        return { endpoint, hash: (await readBlock(endpoint.url, `0x${block.toString(16)}`)).hash };
      } catch (problem) {
        return { endpoint, problem: sentenceOf(problem, endpoint) };
      }
    }),
  );
  const unknown = answers.flatMap(({ endpoint, problem }) =>
    problem === undefined ? [] : [{ why: `${endpoint.label} does not tell block ${block}: ${problem}.` }],
  );
  const told = answers.filter(({ hash }) => hash !== undefined);
  if (new Set(told.map(({ hash }) => hash)).size < 2) return { unknown };
  return {
    unknown,
    different: { block, hashes: told.map(({ endpoint, hash }) => `${endpoint.label} says ${hash}`) },
  };
}

async function readHead(url: string): Promise<Head> {
  const [chainId, block] = await Promise.all([
    ask(url, "eth_chainId", []).then((answer) => parse(answer, "eth_chainId")),
    readBlock(url, "latest"),
  ]);
  return { chainId, ...block };
}

async function readBlock(url: string, tag: string): Promise<Omit<Head, "chainId">> {
  const found = (await ask(url, "eth_getBlockByNumber", [tag, false])) as Record<string, unknown> | null;
  if (found === null) throw new Error("it does not have it");
  const { hash } = found;
  if (typeof hash !== "string" || !/^0x[0-9a-f]{64}$/i.test(hash))
    throw new Error("it answers eth_getBlockByNumber with nonsense");
  return {
    block: parse(found.number, "eth_getBlockByNumber"),
    time: parse(found.timestamp, "eth_getBlockByNumber"),
    hash: hash.toLowerCase(),
  };
}

function parse(answer: unknown, method: string): number {
  if (typeof answer === "string" && /^0x[0-9a-f]{1,13}$/i.test(answer)) return Number(answer);
  throw new Error(`it answers ${method} with nonsense`);
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 429) throw new Error("it limits our rate (HTTP 429)");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer = (await response.json().catch(() => ({}))) as {
    result?: unknown;
    error?: { message?: unknown };
  };
  if (answer.result !== undefined) return answer.result;
  const said = typeof answer.error?.message === "string" ? answer.error.message : "no result";
  throw new Error(`${method}: ${said}`);
}

/** In few words, without the URL and without what could write on our screen. */
function sentenceOf(problem: unknown, { url, label }: Endpoint): string {
  const { name, message, cause } = problem as Error & { cause?: { code?: string } };
  if (name === "TimeoutError") return `no answer in ${TIMEOUT_MS / 1000} s`;
  return plain((cause?.code ?? message).replaceAll(url, label)).slice(0, 200);
}
