import { FeeData, JsonRpcProvider, Network, parseUnits } from "ethers";

import { Fault } from "../../deploy/fault.js";
import { LOCAL_CHAIN_ID } from "../../deploy/parameters.js";
import { startAnvil } from "../lib/anvil.js";
import { requireFreePort } from "../lib/processes.js";
import type { StartOptions } from "./options.js";
import type { Running } from "../lib/running.js";

const HOST = "127.0.0.1";
const ANSWER_TIMEOUT_MS = 5_000;

/** @throws {@link Fault} if something listens where the indexer is to answer. */
export async function requireFreeIndexerPort({ port }: StartOptions): Promise<void> {
  await requireFreePort(port, HOST).catch((cause: Error) => {
    throw new Fault(`${cause.message} The indexer's port is chosen with npm start -- --port.`, { cause });
  });
}

/**
 * Starts a local chain, or checks that the one given is a development chain to play on.
 *
 * @returns Where it answers.
 * @throws {@link Fault} that says what is in the way.
 */
export async function openChain({ rpc, chainPort }: StartOptions, running: Running): Promise<string> {
  if (rpc !== undefined) {
    await requireDevelopmentChain(rpc);
    return rpc;
  }
  await requireFreePort(chainPort, HOST).catch((cause: Error) => {
    const advice = `If a local chain runs there, use it with npm start -- --rpc http://${HOST}:${chainPort}`;
    throw new Fault(`${cause.message} The chain's port is chosen with --chain-port. ${advice}`, { cause });
  });
  return running.keep(await startAnvil({ port: chainPort, chainId: LOCAL_CHAIN_ID })).url;
}

/** A provider for many transactions to a local chain: no batching, no caching, no asking what gas costs there. */
export class LocalChainProvider extends JsonRpcProvider {
  constructor(url: string) {
    const network = Network.from(LOCAL_CHAIN_ID);
    super(url, network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1 });
  }

  override getFeeData(): Promise<FeeData> {
    return Promise.resolve(new FeeData(null, parseUnits("1000", "gwei"), parseUnits("1", "gwei")));
  }
}

async function requireDevelopmentChain(url: string): Promise<void> {
  const chainId = Number(await ask(url, "eth_chainId"));
  if (chainId !== LOCAL_CHAIN_ID) {
    throw new Fault(
      `The chain at ${url} has the id ${chainId}: the payments here are made with keys that everybody knows, so only ` +
        `a local development chain will do, whose id is ${LOCAL_CHAIN_ID}.`,
    );
  }
  const mines = await ask(url, "hardhat_getAutomine").catch(() => undefined);
  if (mines !== true) {
    throw new Fault(
      `The chain at ${url} must be an anvil or a Hardhat node that mines each transaction at once.`,
    );
  }
}

async function ask(url: string, method: string): Promise<unknown> {
  let answer: { result?: unknown };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw new Fault(`No chain answers at ${url}. Start one there, or leave --rpc out to have one started.`, {
      cause,
    });
  }
  if (answer.result === undefined)
    throw new Fault(`What answers at ${url} is not a chain: it has no ${method}.`);
  return answer.result;
}
