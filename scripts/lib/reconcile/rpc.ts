import type { Interface } from "ethers";

/** A block that everything is asked of, whatever comes after it. */
export interface Pinned {
  readonly number: number;
  readonly hash: string;
  readonly timestamp: number;
}

interface Header {
  number: string;
  hash: string;
  timestamp: string;
}

type Send = (method: string, params: unknown[]) => Promise<unknown>;

/** A JSON-RPC endpoint whose answers are counted. */
export class Rpc {
  /** Questions asked so far, by method. */
  readonly calls = new Map<string, number>();

  /** @param name What findings call it. */
  constructor(
    readonly name: string,
    private readonly ask: Send,
  ) {}

  async send<Answer>(method: string, params: unknown[]): Promise<Answer> {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
    return (await this.ask(method, params)) as Answer;
  }

  get callCount(): number {
    return [...this.calls.values()].reduce((sum, calls) => sum + calls, 0);
  }

  /** The block of a number, or nothing if the chain does not go so far. */
  async block(number: number | "latest"): Promise<Pinned | undefined> {
    const tag = number === "latest" ? number : quantity(number);
    const header = await this.send<Header | null | undefined>("eth_getBlockByNumber", [tag, false]);
    // Null is what nodes say, and no result at all what some gateways make of it.
    if (header === null || header === undefined) return undefined;
    return { number: Number(header.number), hash: header.hash, timestamp: Number(header.timestamp) };
  }

  /** What a contract's view function answers as of a block, which the endpoint finds by its hash or not at all. */
  async view(
    abi: Interface,
    to: string,
    name: string,
    args: readonly unknown[],
    pinned: Pinned,
  ): Promise<readonly unknown[]> {
    return abi.decodeFunctionResult(name, await this.call(to, abi.encodeFunctionData(name, args), pinned));
  }

  call(to: string, data: string, { hash }: Pinned): Promise<string> {
    return this.send<string>("eth_call", [{ to, data }, { blockHash: hash }]);
  }
}

export const quantity = (number: number) => `0x${number.toString(16)}`;
