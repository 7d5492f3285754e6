import { setTimeout as sleep } from "node:timers/promises";

import { JsonRpcProvider, Network, parseEther, toQuantity, type TransactionReceipt } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../../deploy/fault.js";
import { startAnvil } from "../anvil.js";
import { plain } from "../plain.js";
import { freePort } from "../processes.js";
import { Running } from "../running.js";
import { relay } from "./relay.js";

const GAS_MONEY = parseEther("1000");
/** With a limit given, what fails is mined all the same and can be traced. No chain allows one transaction more. */
const GAS_LIMIT = 2 ** 24;
const POLLING_INTERVAL_MS = 5;
const MINING_TIMEOUT_MS = 5_000;

/** What makes a node trace the difference that a transaction made. */
export const STATE_DIFF = { tracer: "prestateTracer", tracerConfig: { diffMode: true } } as const;

/** A call as it is sent: wei and calldata. */
export interface Transaction {
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
}

/** What the accounts of a chain looked like before and after a transaction; only what differs. */
export interface Trace {
  readonly pre: Readonly<Record<string, AccountState>>;
  readonly post: Readonly<Record<string, AccountState>>;
}

interface AccountState {
  readonly balance?: string;
  readonly nonce?: number;
  readonly code?: string;
  readonly storage?: Readonly<Record<string, string>>;
}

/** Something done on a fork: where to look at what it did. */
export interface Mined {
  readonly hash: string;
  /** Unix seconds of its block. */
  readonly time: number;
  /** Who was paid for the block. */
  readonly miner: string;
  readonly receipt: TransactionReceipt;
}

/**
 * Does some work on a fork: a local copy of the connection's chain as of `block` that goes on by itself. Takes everything
 * down afterwards, also when the work fails or somebody interrupts it.
 */
export async function withFork<Result>(
  connection: NetworkConnection,
  block: number,
  work: (fork: Fork) => Promise<Result>,
): Promise<Result> {
  const running = new Running();
  return await running.during(async () => {
    const { chainId } = await connection.ethers.provider.getNetwork();
    const { url } = running.keep(await relay(connection.provider));
    const anvil = running.keep(
      await startAnvil({
        port: await freePort(),
        chainId: Number(chainId),
        args: [
          "--fork-url",
          url,
          "--fork-block-number",
          String(block),
          "--auto-impersonate",
          "--no-storage-caching",
        ],
      }),
    );
    const fork = new Fork(anvil.url, Number(chainId));
    // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
    running.keep({ stop: async () => fork.provider.destroy() });
    return await work(fork);
  });
}

/** A running fork: any account can act, and time passes when it is told to. */
export class Fork {
  readonly provider: JsonRpcProvider;

  constructor(
    readonly url: string,
    readonly chainId: number,
  ) {
    const network = Network.from(chainId);
    this.provider = new JsonRpcProvider(url, network, {
      staticNetwork: network,
      batchMaxCount: 1,
      cacheTimeout: -1,
    });
    this.provider.pollingInterval = POLLING_INTERVAL_MS;
  }

  /** Unix seconds of the latest block. */
  async now(): Promise<number> {
    return (await this.provider.getBlock("latest"))!.timestamp;
  }

  /** Does something and takes it back. */
  async apart<Result>(work: () => Promise<Result>): Promise<Result> {
    const snapshot = (await this.provider.send("evm_snapshot", [])) as string;
    try {
      return await work();
    } finally {
      await this.provider.send("evm_revert", [snapshot]);
    }
  }

  /** Does something, and takes it back if it fails. */
  async tentatively<Result>(work: () => Promise<Result>): Promise<Result> {
    const snapshot = (await this.provider.send("evm_snapshot", [])) as string;
    try {
      return await work();
    } catch (error) {
      await this.provider.send("evm_revert", [snapshot]);
      throw error;
    }
  }

  /** Mines a block at `time`, unless it is that late already. */
  async reach(time: number): Promise<void> {
    if (time <= (await this.now())) return;
    await this.provider.send("evm_setNextBlockTimestamp", [time]);
    await this.provider.send("evm_mine", []);
  }

  async setBalance(account: string, wei = GAS_MONEY): Promise<void> {
    await this.provider.send("anvil_setBalance", [account, toQuantity(wei)]);
  }

  /** Sends a transaction from any account, with money for gas given to it, in a block at `time` if that is named. */
  async send(from: string, { to, value, data }: Transaction, time?: number): Promise<Mined> {
    await this.setBalance(from, GAS_MONEY + value);
    await this.#setTime(time);
    const hash = (await this.provider.send("eth_sendTransaction", [
      { from, to, value: toQuantity(value), data, gas: toQuantity(GAS_LIMIT) },
    ])) as string;
    return await this.#mined(hash);
  }

  /**
   * Sends a transaction that is signed already, byte for byte.
   *
   * @throws {@link Fault} with the node's reason if it does not take it.
   */
  async sendRaw(raw: string, time?: number): Promise<Mined> {
    await this.#setTime(time);
    try {
      return await this.#mined((await this.provider.send("eth_sendRawTransaction", [raw])) as string);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      const { error } = cause as { error?: { message?: string } };
      throw new Fault(
        `The signed transaction is refused: ${plain(error?.message ?? (cause as Error).message)}.`,
        {
          cause,
        },
      );
    }
  }

  /** The difference that a transaction made. */
  async trace({ hash }: Mined): Promise<Trace> {
    return (await this.provider.send("debug_traceTransaction", [hash, STATE_DIFF])) as Trace;
  }

  async #setTime(time: number | undefined): Promise<void> {
    if (time !== undefined) await this.provider.send("evm_setNextBlockTimestamp", [time]);
  }

  async #mined(hash: string): Promise<Mined> {
    const receipt = await this.#receipt(hash);
    const { timestamp, miner } = (await this.provider.getBlock(receipt.blockNumber))!;
    return { hash, time: timestamp, miner, receipt };
  }

  /** Anvil answers before it has mined. */
  async #receipt(hash: string): Promise<TransactionReceipt> {
    const deadline = Date.now() + MINING_TIMEOUT_MS;
    for (;;) {
      const receipt = await this.provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
      if (Date.now() > deadline) {
        throw new Fault(
          `The transaction ${hash} is not mined on the fork: its nonce is not its sender's next one.`,
        );
      }
      await sleep(POLLING_INTERVAL_MS);
    }
  }
}
