import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import type { Events } from "./events.js";
import { placeOf, type RawLog } from "./logs.js";
import type { Model } from "./model.js";
import { quantity, type Rpc } from "./rpc.js";
import type { Scratch } from "./scratch.js";
import { storeOn } from "./store.js";
import { termsHasher } from "./terms.js";

/** Logs that no honest chain could have emitted in this order. */
export class ImpossibleLog extends Fault {
  override name = "ImpossibleLog";

  constructor(
    readonly log: RawLog,
    readonly paymentId: string | undefined,
    readonly why: string,
  ) {
    super(`Log ${placeOf(log)} cannot be: ${why}`);
  }
}

/** Gives logs, in their order, to the indexer's own handlers, which write the rows that should be. */
export class Replay {
  readonly #context: object;
  readonly #idOf: ReturnType<typeof termsHasher>;

  constructor(
    private readonly rpc: Rpc,
    private readonly events: Events,
    private readonly model: Model,
    scratch: Scratch,
    { chainId, contracts }: DeploymentRecord,
  ) {
    this.#context = { chain: { id: chainId }, db: storeOn(scratch, model) };
    this.#idOf = termsHasher(chainId, contracts.escrow.address);
  }

  /** @throws {@link ImpossibleLog} */
  async play(logs: readonly RawLog[]): Promise<void> {
    const timestamps = await this.#timestampsOf(logs);
    for (const log of logs) {
      const decoded = this.events.decode(log);
      if (decoded === undefined) continue;
      const { name, args } = decoded;
      const paymentId = args.paymentId as string | undefined;
      if (name === "Escrow:PaymentCreated" && this.#idOf(args) !== paymentId) {
        throw new ImpossibleLog(log, paymentId, `the terms in it hash to ${this.#idOf(args)}`);
      }
      const event = {
        args,
        log: { address: log.address, logIndex: Number(log.logIndex) },
        block: {
          number: BigInt(log.blockNumber),
          hash: log.blockHash,
          timestamp: timestamps.get(log.blockNumber)!,
        },
        transaction: { hash: log.transactionHash },
      };
      try {
        await this.model.handlers.get(name)!({ event, context: this.#context });
      } catch (error) {
        throw new ImpossibleLog(log, paymentId, (error as Error).message);
      }
    }
  }

  async #timestampsOf(logs: readonly RawLog[]): Promise<Map<string, bigint>> {
    const timestamps = new Map<string, bigint>();
    for (const { blockNumber, blockTimestamp } of logs) {
      if (blockTimestamp !== undefined) timestamps.set(blockNumber, BigInt(blockTimestamp));
    }
    const untold = new Set(
      logs.map(({ blockNumber }) => blockNumber).filter((number) => !timestamps.has(number)),
    );
    await Promise.all(
      [...untold].map(async (number) => {
        const block = await this.rpc.send<{ timestamp: string }>("eth_getBlockByNumber", [
          quantity(Number(number)),
          false,
        ]);
        timestamps.set(number, BigInt(block.timestamp));
      }),
    );
    return timestamps;
  }
}
