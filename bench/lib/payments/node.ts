import { toQuantity } from "ethers";

/** A transaction that the node signs for its sender, whoever that is. */
export interface Sent {
  from: string;
  to: string;
  data: string;
  gas: bigint;
}

interface Answer<Result> {
  id: number;
  result?: Result;
  error?: { message: string };
}

/** anvil, asked for many things in one request, and mining only when it is told to. */
export class Node {
  /** Given, because several transactions of one sender in one request arrive in no order. */
  readonly #nonces = new Map<string, number>();

  constructor(readonly url: string) {}

  async ask<Result>(method: string, ...params: unknown[]): Promise<Result> {
    return (await this.askAll<Result>([[method, ...params]]))[0]!;
  }

  async askAll<Result>(questions: [method: string, ...params: unknown[]][]): Promise<Result[]> {
    if (questions.length === 0) return [];
    const body = questions.map(([method, ...params], id) => ({ jsonrpc: "2.0", id, method, params }));
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answers = ((await response.json()) as Answer<Result>[]).toSorted((a, b) => a.id - b.id);
    return answers.map(({ id, result, error }) => {
      if (error) throw new Error(`${questions[id]![0]}: ${error.message}`);
      return result as Result;
    });
  }

  /** Sends transactions, which wait for their block. */
  async send(transactions: readonly Sent[]): Promise<void> {
    await this.#learnNonces(transactions);
    await this.askAll<string>(
      transactions.map(({ from, gas, ...call }) => {
        const nonce = this.#nonces.get(from)!;
        this.#nonces.set(from, nonce + 1);
        return [
          "eth_sendTransaction",
          { from, ...call, gas: toQuantity(gas), gasPrice: "0x0", nonce: toQuantity(nonce) },
        ];
      }),
    );
  }

  /** Mines one block of these transactions. Throws if one of them reverts. */
  async mine(transactions: readonly Sent[]): Promise<void> {
    await this.send(transactions);
    await this.ask("evm_mine");
    const receipts =
      (await this.ask<{ status: string; transactionHash: string }[] | null>(
        "eth_getBlockReceipts",
        "latest",
      )) ?? [];
    if (receipts.length !== transactions.length) {
      throw new Error(`Of ${transactions.length} transactions ${receipts.length} were mined.`);
    }
    const failed = receipts.findIndex(({ status }) => status !== "0x1");
    if (failed >= 0) await this.#explain(receipts[failed]!.transactionHash);
  }

  /** Throws why a transaction reverted, which calling it once more tells. */
  async #explain(hash: string): Promise<never> {
    const { from, to, input } = await this.ask<Record<string, string>>("eth_getTransactionByHash", hash);
    await this.ask("eth_call", { from, to, data: input }, "latest");
    throw new Error(`Transaction ${hash} reverted, but would not now.`);
  }

  async #learnNonces(transactions: readonly Sent[]): Promise<void> {
    const unknown = [...new Set(transactions.map(({ from }) => from))].filter(
      (from) => !this.#nonces.has(from),
    );
    const counts = await this.askAll<string>(
      unknown.map((from) => ["eth_getTransactionCount", from, "latest"]),
    );
    for (const [i, from] of unknown.entries()) this.#nonces.set(from, Number(counts[i]));
  }

  /** The chain's time. */
  async time(): Promise<bigint> {
    const { timestamp } = await this.ask<{ timestamp: string }>("eth_getBlockByNumber", "latest", false);
    return BigInt(timestamp);
  }
}
