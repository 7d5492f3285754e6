import { toQuantity } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";
import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";

/** What an account asks of a chain: wei and calldata. */
export interface Call {
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
}

/** What became of a transaction. */
export interface Receipt {
  readonly hash: string;
  readonly block: number;
  readonly blockHash: string;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  readonly logs: readonly {
    readonly address: string;
    readonly topics: readonly string[];
    readonly data: string;
  }[];
}

export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform(BigInt);
const bytes = z.string().regex(/^0x([0-9a-f]{2})*$/i);
const hash = bytes.length(66);
const blockSchema = z.object({ gasLimit: quantity, baseFeePerGas: quantity });
const receiptSchema = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  status: quantity,
  gasUsed: quantity,
  logs: z.array(z.object({ address: bytes.length(42), topics: z.array(hash), data: bytes })),
});

/** What nodes answer to bytes that they, or the chain, have already. The words differ from client to client. */
const HAS_IT =
  /already known|known transaction|already imported|already_exists|already exists|nonce too low|nonce is too low/i;
/** Refusals that waiting does not mend. */
const HOPELESS =
  /insufficient funds|intrinsic gas|exceeds block gas limit|invalid sender|invalid signature|chain ?id/i;

/** A chain's JSON-RPC endpoint, which may be down, slow, or answer nonsense. */
export class Endpoint {
  /** The last thing that went wrong without ending the work. */
  lastProblem?: string;

  constructor(private readonly provider: EIP1193Provider) {}

  async nonce(account: string, block: "latest" | "pending"): Promise<number> {
    return Number(await this.#ask("eth_getTransactionCount", [account, block], quantity));
  }

  /** Twice the base fee, so that the transaction stays payable for six full blocks, and what the node thinks fit on top. */
  async fees(): Promise<Fees> {
    const { baseFeePerGas } = await this.#latestBlock();
    const maxPriorityFeePerGas = await this.#ask("eth_maxPriorityFeePerGas", [], quantity);
    return { maxFeePerGas: 2n * baseFeePerGas + maxPriorityFeePerGas, maxPriorityFeePerGas };
  }

  async blockGasLimit(): Promise<bigint> {
    return (await this.#latestBlock()).gasLimit;
  }

  /** @throws {@link Fault} with the chain's reason if the call would fail. */
  async estimate(from: string, call: Call): Promise<bigint> {
    try {
      return await this.#ask("eth_estimateGas", [callObject(from, call)], quantity);
    } catch (cause) {
      if (!isAnswer(cause)) throw cause;
      throw new Fault(`The transaction would fail: ${messageOf(cause)}. Nothing was sent.`, { cause });
    }
  }

  /** Why a call fails on top of a block, in the chain's words. */
  async reasonOf(from: string, call: Call, block: number): Promise<string> {
    try {
      await this.#ask("eth_call", [callObject(from, call), toQuantity(block)], bytes);
      return "for a reason that does not show when it is tried again";
    } catch (problem) {
      return messageOf(problem);
    }
  }

  /** The receipt of the first of these transactions that is mined. */
  async receiptOfAny(hashes: readonly string[]): Promise<Receipt | undefined> {
    for (const transactionHash of hashes) {
      const receipt = await this.#ask(
        "eth_getTransactionReceipt",
        [transactionHash],
        receiptSchema.nullable(),
      );
      if (receipt === null) continue;
      const { blockNumber, blockHash, status, gasUsed, logs } = receipt;
      return {
        hash: transactionHash,
        block: Number(blockNumber),
        blockHash,
        succeeded: status === 1n,
        gasUsed,
        logs,
      };
    }
    return undefined;
  }

  /**
   * Sends signed bytes. Sending what the chain has already is no problem.
   *
   * @throws {@link Fault} if the node refuses it for good.
   */
  async sendRaw(raw: string): Promise<void> {
    try {
      await this.#ask("eth_sendRawTransaction", [raw], hash);
    } catch (problem) {
      if (HAS_IT.test(messageOf(problem))) return;
      if (isAnswer(problem) && HOPELESS.test(problem.message)) {
        throw new Fault(`The chain refuses the transaction: ${messageOf(problem)}.`, { cause: problem });
      }
      throw problem;
    }
  }

  /** Does what may fail for a while, and remembers how it failed. What a {@link Fault} says is no matter of patience. */
  async tolerantly<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (problem) {
      if (problem instanceof Fault) throw problem;
      this.lastProblem = messageOf(problem);
      return undefined;
    }
  }

  #latestBlock() {
    return this.#ask("eth_getBlockByNumber", ["latest", false], blockSchema);
  }

  async #ask<Answer>(method: string, params: unknown[], schema: z.ZodType<Answer>): Promise<Answer> {
    const answer = schema.safeParse(await this.provider.request({ method, params }));
    // What it said instead may be long, and may be somebody's attempt to write on our screen.
    if (!answer.success) throw new Error(`the endpoint answered ${method} with nonsense`);
    return answer.data;
  }
}

/** A call as JSON-RPC wants it. */
const callObject = (from: string, { to, value, data }: Call) => ({
  from,
  to,
  value: toQuantity(value),
  data,
});

/** Whether the node answered, with an error, rather than not at all. */
const isAnswer = (problem: unknown): problem is Error =>
  problem instanceof Error && typeof (problem as { code?: unknown }).code === "number";

/** Without URLs, which may contain a key. */
const messageOf = (problem: unknown) =>
  (problem instanceof Error ? problem.message : String(problem)).replaceAll(/\w+:\/\/\S+/g, "<url>");
