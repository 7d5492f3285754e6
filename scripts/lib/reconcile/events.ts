import { decodeEventLog, toEventSelector, type AbiEvent } from "viem";

import type { DeploymentRecord } from "../../../deploy/index.js";
import {
  AccessManager__factory,
  ComplianceRegistry__factory,
  Escrow__factory,
  UpgradeController__factory,
} from "../../../types/ethers-contracts/index.js";
import { mergedEvents, retiredEvents } from "../indexer-abis.js";
import type { LogFilter, RawLog } from "./logs.js";
import type { Model } from "./model.js";

/** What the indexer calls the contracts, with their names in the record. */
const CONTRACTS = {
  AccessManager: { key: "accessManager", abi: AccessManager__factory.abi },
  UpgradeController: { key: "upgradeController", abi: UpgradeController__factory.abi },
  ComplianceRegistry: { key: "complianceRegistry", abi: ComplianceRegistry__factory.abi },
  Escrow: { key: "escrow", abi: Escrow__factory.abi },
} as const;

interface Known {
  /** `<Contract>:<Event>` */
  readonly name: string;
  readonly abi: AbiEvent;
}

/** A log that the indexer handles, decoded as Ponder decodes it. */
export interface Decoded {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The suite's events that the indexer handles, and how to find and read them. */
export class Events {
  /** By `<address> <topic>`. */
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly record: DeploymentRecord,
    model: Pick<Model, "handlers">,
    retired = retiredEvents(),
  ) {
    for (const [contract, { key, abi }] of Object.entries(CONTRACTS)) {
      const address = record.contracts[key].address.toLowerCase();
      // Earlier versions emitted what the present ones do not, and the indexer has rows of it.
      for (const event of mergedEvents(`${key}Abi`, abi, retired[`${key}Abi`] ?? []) as AbiEvent[]) {
        const name = `${contract}:${event.name}`;
        if (model.handlers.has(name))
          this.#known.set(`${address} ${toEventSelector(event)}`, { name, abi: event });
      }
    }
  }

  /** All of them. */
  get filters(): LogFilter[] {
    return [{ address: this.#addresses(), topics: [this.#topics(() => true)] }];
  }

  /** Those about one payment, and what has to be known of tokens before them. */
  filtersOf(paymentId: string): LogFilter[] {
    const address = [this.record.contracts.escrow.address];
    const names = (position: number) =>
      this.#topics(({ abi }) => abi.inputs.filter(({ indexed }) => indexed)[position]?.name === "paymentId");
    return [
      { address, topics: [names(0), paymentId] },
      { address, topics: [names(1), null, paymentId] },
      { address, topics: [this.#topics(({ name }) => name === "Escrow:TokenConfigured")] },
    ];
  }

  /** Nothing of a log that no filter asked for. */
  decode({ address, topics, data }: RawLog): Decoded | undefined {
    const known = this.#known.get(`${address.toLowerCase()} ${topics[0]}`);
    if (known === undefined) return undefined;
    const { args } = decodeEventLog({
      abi: [known.abi],
      topics: topics as [`0x${string}`],
      data: data as `0x${string}`,
    });
    return { name: known.name, args: args as unknown as Decoded["args"] };
  }

  #addresses(): string[] {
    return Object.values(CONTRACTS).map(({ key }) => this.record.contracts[key].address);
  }

  #topics(wanted: (known: Known) => boolean): string[] {
    const topics = [...this.#known].filter(([, known]) => wanted(known)).map(([key]) => key.split(" ")[1]!);
    return [...new Set(topics)];
  }
}
