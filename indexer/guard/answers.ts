import type { Hex } from "viem";

import { bloomOf, type BloomedLog } from "./bloom.js";

/** A question to an RPC endpoint. */
export interface RpcCall {
  id?: number;
  method: string;
  params?: readonly unknown[];
}

/** The part of a block that is looked at. */
export interface Block {
  number: Hex;
  hash: Hex;
  parentHash: Hex;
  logsBloom: Hex;
}

/** What to do with an answer: refuse it with a sentence, or give another in its place. */
export type Verdict = { refuse: string } | { instead: unknown };

type Log = BloomedLog & { logIndex: Hex };
type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Blocks below the head that are remembered: more than any chain's finality that Ponder knows. */
const REMEMBERED_BLOCKS = 1_024;
/** How long a head that lies behind one seen before is taken for that of an endpoint that has fallen behind. */
const PATIENCE_MS = 30_000;

/**
 * What the endpoints of a chain said of its latest blocks, and whether what they say next can be true. Ponder takes a
 * head that went back for a reorganisation, does not survive one whose parents nobody has, and believes a list of logs
 * that is too short.
 */
export class ChainAnswers {
  /** The bits of each contract in a bloom filter. */
  readonly #contracts: bigint[];
  readonly #byNumber = new Map<number, Block>();
  readonly #byHash = new Map<Hex, Block>();
  #head: { number: number; seenAt: number; answers: Map<boolean, Block> } | undefined;

  /** @param contracts The addresses whose logs matter. */
  constructor(
    contracts: readonly Hex[],
    private readonly now: () => number = Date.now,
  ) {
    this.#contracts = contracts.map((address) => bloomOf([{ address, topics: [] }]));
  }

  /** Whether the answer to a call says anything about the latest blocks. */
  concerns({ method, params = [] }: RpcCall): boolean {
    if (method === "eth_getBlockByHash") return true;
    if (method === "eth_getLogs") return isRecord(params[0]) && "blockHash" in params[0];
    if (method !== "eth_getBlockByNumber") return false;
    return params[0] === "latest" || this.#isRecent(Number(params[0]));
  }

  /**
   * Looks at the result of a call that {@link concerns} the latest blocks.
   * @param ask Asks the same endpoint something else.
   */
  async judge({ method, params = [] }: RpcCall, result: unknown, ask: Ask): Promise<Verdict | undefined> {
    if (method === "eth_getLogs") {
      const { blockHash } = params[0] as { blockHash: Hex };
      const refuse = await this.#whatIsMissing(blockHash, result as Log[], ask);
      return refuse === undefined ? undefined : { refuse };
    }
    if (!isBlock(result)) {
      // Ponder would not ask again, and loses what it had begun to take back.
      return method === "eth_getBlockByHash" ? { refuse: `has no block ${String(params[0])}` } : undefined;
    }
    if (params[0] !== "latest") {
      this.#remember(result);
      return undefined;
    }
    return await this.#judgeHead(result, params[1] === true, ask);
  }

  /** The hash of a block that an endpoint told lately. */
  hashOf(number: number): Hex | undefined {
    return this.#byNumber.get(number)?.hash;
  }

  /** The highest block told that is at least so far below the head. */
  knownBelowHead(blocks: number): { number: number; hash: Hex } | undefined {
    if (this.#head === undefined) return undefined;
    const highest = this.#head.number - blocks;
    const numbers = [...this.#byNumber.keys()].filter((number) => number <= highest);
    if (numbers.length === 0) return undefined;
    const number = Math.max(...numbers);
    return { number, hash: this.hashOf(number)! };
  }

  async #judgeHead(block: Block, isFull: boolean, ask: Ask): Promise<Verdict | undefined> {
    const number = Number(block.number);
    const head = this.#head;
    if (head && number < head.number && this.hashOf(number) === block.hash) {
      const earlier = head.answers.get(isFull);
      if (earlier && this.now() - head.seenAt < PATIENCE_MS) return { instead: earlier };
    }
    if (head && !this.#byHash.has(block.hash) && !this.#byHash.has(block.parentHash)) {
      const parent = await ask("eth_getBlockByHash", [block.parentHash, false]);
      if (!isBlock(parent)) return { refuse: `shows the head ${block.hash}, but has no parent of it` };
    }
    this.#remember(block);
    const answers = head?.answers.get(isFull)?.hash === block.hash ? head.answers : new Map<boolean, Block>();
    this.#head = { number, seenAt: this.now(), answers: answers.set(isFull, block) };
    return undefined;
  }

  /** Says what shows that a block has more logs than these. */
  async #whatIsMissing(hash: Hex, logs: Log[], ask: Ask): Promise<string | undefined> {
    const missing = (of: string) => `leaves out logs of block ${hash}: it has ${logs.length}, but ${of}`;
    const highest = Math.max(-1, ...logs.map(({ logIndex }) => Number(logIndex)));
    if (highest >= logs.length) return missing(`they are numbered up to ${highest}`);
    const said = BigInt(this.#byHash.get(hash)?.logsBloom ?? 0);
    // Some chains leave the filter empty.
    if ((said & ~bloomOf(logs)) !== 0n) return missing("the block's bloom filter has more");
    // The filter does not tell how often an event was emitted; receipts do, and come from elsewhere in a node.
    if (!this.#contracts.some((bits) => (said & bits) === bits)) return undefined;
    const receipts = await ask("eth_getBlockReceipts", [hash]);
    if (!Array.isArray(receipts)) return undefined;
    const count = (receipts as { logs: unknown[] }[]).reduce((sum, { logs: some }) => sum + some.length, 0);
    return count > logs.length ? missing(`the block's receipts have ${count}`) : undefined;
  }

  #isRecent(number: number): boolean {
    return this.#head === undefined || number > this.#head.number - REMEMBERED_BLOCKS;
  }

  #remember({ number, hash, parentHash, logsBloom }: Block): void {
    const block = { number, hash, parentHash, logsBloom };
    const at = Number(number);
    const replaced = this.#byNumber.get(at);
    if (replaced && replaced.hash !== hash) this.#byHash.delete(replaced.hash);
    this.#byNumber.set(at, block);
    this.#byHash.set(hash, block);
    if (this.#byNumber.size <= 2 * REMEMBERED_BLOCKS) return;
    const lowest = Math.max(...this.#byNumber.keys()) - REMEMBERED_BLOCKS;
    for (const [n, old] of this.#byNumber) {
      if (n >= lowest) continue;
      this.#byNumber.delete(n);
      this.#byHash.delete(old.hash);
    }
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isBlock = (value: unknown): value is Block =>
  isRecord(value) && typeof value.hash === "string" && typeof value.number === "string";
