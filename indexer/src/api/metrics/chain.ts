import { createPublicClient, erc20Abi, http, type Address, type PublicClient } from "viem";

import { NATIVE_COIN } from "../../../../deploy/parameters.js";
import type { IndexedChain } from "../../../deployments.js";
import { stillHas, type FinalBlock } from "../../../guard/finals.js";
import { endpointsOf } from "../../../watch/endpoints.js";

/** What the endpoints of a chain say. */
export interface ChainHeads {
  /** The head as each endpoint that answers sees it. */
  heads: { endpoint: string; block: number }[];
  /** Whether the chain has another block in the place of one, or nothing if nobody knows. */
  hasLeft(block: FinalBlock): Promise<boolean | undefined>;
  /** The escrow's balances at a block, of the tokens of which an endpoint that has the block tells it. */
  balances(tokens: string[], block: number): Promise<Map<string, bigint>>;
}

const TIMEOUT_MS = 3_000;

/**
 * Looks at a chain through each of its endpoints: one request an endpoint, and one for all balances. Not through
 * Ponder's own client, which retries for a minute and does not say which endpoint it asked.
 */
export class ChainWatch {
  readonly #endpoints: { label: string; client: PublicClient }[];

  constructor(private readonly chain: IndexedChain) {
    this.#endpoints = endpointsOf(chain)
      .filter(({ url }) => url.startsWith("http"))
      .map(({ url, label }) => ({
        label,
        client: createPublicClient({
          transport: http(url, { batch: true, retryCount: 0, timeout: TIMEOUT_MS }),
          cacheTime: 0,
        }),
      }));
  }

  async look(): Promise<ChainHeads> {
    const answers = await Promise.allSettled(
      this.#endpoints.map(async ({ label, client }) => ({
        endpoint: label,
        client,
        block: Number(await client.getBlockNumber()),
      })),
    );
    const answered = answers.filter((answer) => answer.status === "fulfilled").map(({ value }) => value);
    return {
      heads: answered.map(({ endpoint, block }) => ({ endpoint, block })),
      hasLeft: async (block) => {
        const found = await stillHas(
          block,
          answered.map(
            ({ client }) =>
              (method, params) =>
                client.request({ method, params } as never),
          ),
        );
        return found === "unknown" ? undefined : found === "no";
      },
      balances: async (tokens, block) => {
        const knowing = answered.find((one) => one.block >= block);
        if (!knowing) return new Map();
        const found = await Promise.allSettled(
          tokens.map((token) => this.#balance(knowing.client, token, block)),
        );
        return new Map(
          found.flatMap((balance, i) =>
            balance.status === "fulfilled" ? [[tokens[i]!, balance.value] as const] : [],
          ),
        );
      },
    };
  }

  #balance(client: PublicClient, token: string, block: number): Promise<bigint> {
    const { escrow } = this.chain.addresses;
    const blockNumber = BigInt(block);
    return token.toLowerCase() === NATIVE_COIN.toLowerCase()
      ? client.getBalance({ address: escrow, blockNumber })
      : client.readContract({
          address: token as Address,
          abi: erc20Abi,
          functionName: "balanceOf",
          args: [escrow],
          blockNumber,
        });
  }
}
