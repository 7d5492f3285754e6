import type { Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import {
  Escrow__factory,
  EscrowLens__factory,
  type Escrow,
  type EscrowLens,
} from "../../../types/ethers-contracts/index.js";
import { ReadModel } from "../read-model.js";
import { readTokens, type ConfiguredTokens } from "./configured-tokens.js";
import type { Endpoint } from "./endpoints.js";
import { readHistory, type History } from "./history.js";
import { readOpenPayments, type OpenPayments } from "./open-payments.js";
import { describeTokens, type Tokens } from "./tokens.js";

/** What triage is told about where to look. */
export interface Place {
  readonly network: string;
  readonly record: DeploymentRecord;
  /** Where the read model answers. */
  readonly indexer: string;
  readonly endpoints: readonly Endpoint[];
  /** An endpoint that answers. */
  readonly provider: Provider;
  /** First block whose logs count. */
  readonly fromBlock: number;
  /** Only this payment. */
  readonly paymentId?: string;
  readonly limits: Limits;
}

/** From when on something is worth a finding. */
export interface Limits {
  /** Seconds that a payment may lie unclaimed after its deadline, or an approval unused. */
  readonly grace: number;
  /** Blocks that the index may be behind, and an endpoint behind the others. */
  readonly lag: number;
  /** Seconds that the head of a chain may be old; a local chain's may be any age. */
  readonly headAge: number;
}

/** As the alerts have it, where they have it (monitoring/prometheus/alerts.yml). */
export const LIMITS: Limits = { grace: 3_600, lag: 20, headAge: 900 };

/** The block at which everything is looked at. */
export interface Moment {
  readonly number: number;
  readonly hash: string;
  readonly time: number;
}

/** A place at one moment, and what several checks need, read once. */
export class Site {
  readonly escrow: Escrow;
  readonly lens: EscrowLens;
  readonly readModel: ReadModel;
  #open?: Promise<OpenPayments>;
  #history?: Promise<History>;
  #tokens?: Promise<ConfiguredTokens>;
  #described: Tokens;

  private constructor(
    readonly place: Place,
    readonly at: Moment,
  ) {
    const { escrow, escrowLens } = place.record.contracts;
    this.escrow = Escrow__factory.connect(escrow.address, place.provider);
    this.lens = EscrowLens__factory.connect(escrowLens.address, place.provider);
    this.readModel = new ReadModel(place.indexer);
    this.#described = place.record;
  }

  static async visit(place: Place): Promise<Site> {
    const { number, hash, timestamp } = (await place.provider.getBlock("latest"))!;
    // Of nothing at all everything is well.
    if (place.fromBlock > number + 1)
      throw new Error(`--from-block ${place.fromBlock} is not there yet: the latest block is ${number}.`);
    return new Site(place, { number, hash: hash!, time: timestamp });
  }

  /** Whether there may be logs of the escrow before those that count. */
  get beginsLate(): boolean {
    return this.place.fromBlock > this.place.record.startBlock;
  }

  /** ` since block 7`, where that is not since ever. */
  get since(): string {
    return this.beginsLate ? ` since block ${this.place.fromBlock}` : "";
  }

  /** Payments that hold money, with their terms and what the chain says of them. */
  open(): Promise<OpenPayments> {
    return (this.#open ??= readOpenPayments(this));
  }

  /** What the escrow's logs say of every payment. */
  history(): Promise<History> {
    return (this.#history ??= readHistory(this));
  }

  /** Every token of which the escrow may owe something. */
  tokens(): Promise<ConfiguredTokens> {
    return (this.#tokens ??= readTokens(this));
  }

  /** What amounts of these tokens are told in. */
  async describe(addresses: readonly string[]): Promise<Tokens> {
    return (this.#described = await describeTokens(this.place.provider, this.#described, addresses));
  }

  /** `npx hardhat <verb> --network … --payment …`, to be typed next. */
  command(verb: string, paymentId?: string, options = ""): string {
    return [
      `npx hardhat ${verb} --network ${this.place.network}`,
      ...(paymentId === undefined ? [] : [`--payment ${paymentId}`]),
      ...(options === "" ? [] : [options]),
    ].join(" ");
  }

  /** What stops money from leaving until somebody knows more. */
  stopCommand(why: string): string {
    return this.command("ops pause", undefined, `--bits payouts,exits --duration 12h --reason "${why}"`);
  }
}
