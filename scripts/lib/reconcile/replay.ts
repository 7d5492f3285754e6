import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import type { Events } from "./events.js";
import { placeOf, type RawLog } from "./logs.js";
import type { Model } from "./model.js";
import type { Scratch } from "./scratch.js";
import { storeOn } from "./store.js";
import { termsHasher } from "./terms.js";
import type { Times } from "./times.js";

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
    private readonly events: Events,
    private readonly model: Model,
    scratch: Scratch,
    { chainId, contracts }: DeploymentRecord,
  ) {
    this.#context = { chain: { id: chainId }, db: storeOn(scratch, model) };
    this.#idOf = termsHasher(chainId, contracts.escrow.address);
  }

  /** @throws {@link ImpossibleLog} */
  async play(logs: readonly RawLog[], times: Times): Promise<void> {
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
          timestamp: times.get(Number(log.blockNumber))!,
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
}
