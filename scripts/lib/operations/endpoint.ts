import { getAddress, toQuantity, ZeroAddress } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";
import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { plain, withoutUrls } from "../plain.js";
import { revertDataOf } from "../safe/errors.js";
import { FINAL_DEPTH, type Finality } from "./finality.js";

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

/** A transaction as the chain has it. */
export interface Sent extends Call {
  readonly hash: string;
  readonly from: string;
  readonly nonce: number;
  readonly gasLimit: bigint;
  /** Of a transaction of the older kind, its one price. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** In which it was mined, if it was. */
  readonly block?: number;
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
const numberedSchema = z.object({ number: quantity });
const receiptSchema = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  status: quantity,
  gasUsed: quantity,
  logs: z.array(z.object({ address: bytes.length(42), topics: z.array(hash), data: bytes })),
});

const sentSchema = z
  .object({
    hash,
    from: bytes.length(42).transform(getAddress),
    to: bytes.length(42).transform(getAddress).nullish(),
    nonce: quantity.transform(Number),
    value: quantity,
    input: bytes,
    gas: quantity,
    gasPrice: quantity.nullish(),
    maxFeePerGas: quantity.nullish(),
    maxPriorityFeePerGas: quantity.nullish(),
    blockNumber: quantity.nullish(),
  })
  .transform(
    ({ input, to, gas, gasPrice, maxFeePerGas, maxPriorityFeePerGas, blockNumber, ...sent }): Sent => ({
      ...sent,
      ...(typeof blockNumber === "bigint" && { block: Number(blockNumber) }),
      to: to ?? ZeroAddress,
      data: input.toLowerCase(),
      gasLimit: gas,
      maxFeePerGas: maxFeePerGas ?? gasPrice ?? 0n,
      maxPriorityFeePerGas: maxPriorityFeePerGas ?? gasPrice ?? 0n,
    }),
  );
const sendersSchema = z.object({
  transactions: z.array(z.looseObject({ from: bytes.length(42), nonce: quantity.transform(Number) })),
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

  /** The number of the newest block that the chain does not take back any more. */
  async finalBlock(finality: Finality): Promise<number> {
    const newest = Number(await this.#ask("eth_blockNumber", [], quantity));
    if (finality === "latest") return newest;
    const told = await this.#ask("eth_getBlockByNumber", [finality, false], numberedSchema.nullable()).catch(
      (problem: unknown) => {
        if (isAnswer(problem)) return null;
        throw problem;
      },
    );
    return told === null ? newest - FINAL_DEPTH : Number(told.number);
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
      if (isOfEndpoint(cause)) throw new EndpointFault(cause);
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

  /** A transaction by its hash, mined or not. */
  async transaction(hashOfIt: string): Promise<Sent | undefined> {
    const found = await this.#ask("eth_getTransactionByHash", [hashOfIt], sentSchema.nullable());
    return found ?? undefined;
  }

  /**
   * The transaction with which an account used a nonce that is used. No node tells that by itself: the block is looked for
   * in which the account's count passed it.
   *
   * @returns Nothing if the node does not know the chain as it was then.
   */
  async userOf(account: string, nonce: number): Promise<Sent | undefined> {
    try {
      const block = await this.#blockOf(account, nonce);
      if (block === undefined) return undefined;
      const { transactions } = await this.#ask(
        "eth_getBlockByNumber",
        [toQuantity(block), true],
        sendersSchema,
      );
      const found = transactions.find(
        (one) => one.nonce === nonce && one.from.toLowerCase() === account.toLowerCase(),
      );
      return found && (await this.transaction(String(found.hash)));
    } catch (problem) {
      if (isAnswer(problem)) return undefined;
      throw problem;
    }
  }

  async #blockOf(account: string, nonce: number): Promise<number | undefined> {
    const isUsedAt = async (block: number) =>
      Number(await this.#ask("eth_getTransactionCount", [account, toQuantity(block)], quantity)) > nonce;
    let used = Number(await this.#ask("eth_blockNumber", [], quantity));
    if (!(await isUsedAt(used))) return undefined;
    let unused = used;
    // Most likely it was a moment ago, and old states are what nodes forget.
    for (let back = 1; unused === used; back *= 2) {
      if (used === 0) return undefined;
      const earlier = Math.max(0, used - back);
      if (await isUsedAt(earlier)) used = unused = earlier;
      else unused = earlier;
    }
    while (used - unused > 1) {
      const between = Math.floor((used + unused) / 2);
      if (await isUsedAt(between)) used = between;
      else unused = between;
    }
    return used;
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

/** What was not the chain's answer, nor anybody's forgery: whoever is between us and the chain did not do its part. */
export class EndpointFault extends Fault {
  constructor(cause: unknown) {
    super(
      `The endpoint did not answer: ${messageOf(cause)}. Nothing was sent. Try again in a minute, or with another RPC.`,
      { cause },
    );
  }
}

/** Names what goes wrong on the way to the chain for what it is. */
export async function reaching<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof Fault ? cause : new EndpointFault(cause);
  }
}

/**
 * Codes of Hardhat and of JSON-RPC for an HTTP status, too many questions, what is unavailable, and a method or a service
 * that is not there; and what gateways say in words under any code.
 */
const OF_ENDPOINTS = [-1, -32001, -32002, -32005, -32601];
const IN_WORDS =
  /rate.?limit|limit exceeded|too many requests|bad gateway|gateway time|service unavailable|header not found|missing trie node/i;

/** Whether an error is the endpoint's own, and says nothing of the call. */
function isOfEndpoint(problem: Error): boolean {
  const { code } = problem as Error & { code: number };
  if (OF_ENDPOINTS.includes(code) || (code >= 400 && code < 600)) return true;
  return revertDataOf(problem) === undefined && IN_WORDS.test(problem.message);
}

/** Whether the node answered, with an error, rather than not at all. */
const isAnswer = (problem: unknown): problem is Error =>
  problem instanceof Error && typeof (problem as { code?: unknown }).code === "number";

/** Without URLs, which may contain a key, and without what could write on our screen. */
export const messageOf = (problem: unknown) =>
  plain(withoutUrls(problem instanceof Error ? problem.message : String(problem)));
