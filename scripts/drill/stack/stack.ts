import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import type { HeldRole } from "../../../deploy/roles.js";
import type { SafeRole } from "../../lib/local-suite.js";
import { paymentIdOf, type Payment } from "../../lib/signing.js";
import { cast, type PaymentRun, type Story } from "../../scenario/story.js";
import { Telling } from "../../scenario/telling.js";
import { startParts, type Parts, type StackOptions } from "./start.js";

/** Everything that runs in production, on this machine: what an incident happens to. */
export class IncidentStack {
  #number = 0;

  private constructor(private readonly parts: Parts) {}

  static async start(options: StackOptions): Promise<IncidentStack> {
    return new IncidentStack(await startParts(options));
  }

  /** Where what is written for this stack is kept, until it is stopped. */
  get directory() {
    return this.parts.directory;
  }
  /** What the commands of admins read and write: parameters, records, operations. */
  get deployDirectory() {
    return path.join(this.directory, "deploy");
  }
  get suite() {
    return this.parts.suite;
  }
  get world() {
    return this.parts.world;
  }
  get postgres() {
    return this.parts.postgres;
  }
  get disk() {
    if (this.parts.disk === undefined) throw new Fault("The database is on no disk of its own.");
    return this.parts.disk;
  }
  get endpoints() {
    return this.parts.endpoints;
  }
  get services() {
    return this.parts.services;
  }
  get pager() {
    return this.parts.pager;
  }
  get compose() {
    return this.parts.compose;
  }
  get shell() {
    return this.parts.shell;
  }
  get variables() {
    return this.parts.variables;
  }

  /** The process that writes the index which is shown, its schema, and the one that a new index may have. */
  get writing() {
    const { writer } = this.services;
    const schema = writer.schema!;
    const [, number] = /^holdfast_(\d+)$/.exec(schema)!;
    return { service: writer, schema, nextSchema: `holdfast_${Number(number) + 1}` };
  }

  /**
   * Begins a payment of a story, whose next steps can be told.
   *
   * @param change What its terms have otherwise than they are drawn.
   */
  async begin(story: Story, change: Partial<Payment> = {}): Promise<Telling> {
    const run = await cast(this.world, story, "incidents", this.#number++);
    return await this.#deposit(run, change);
  }

  /** Begins another payment of the same order: its terms are those of the first but for the deadline. */
  async beginAgain({ run }: Telling): Promise<Telling> {
    return await this.#deposit(run, { deadline: run.payment.deadline + 1n });
  }

  async #deposit(run: PaymentRun, change: Partial<Payment>): Promise<Telling> {
    const payment = { ...run.payment, ...change };
    const telling = new Telling({
      ...run,
      payment,
      paymentId: paymentIdOf(this.world.escrowDomain, payment),
    });
    await telling.advance();
    return telling;
  }

  /** The transaction that deposited a payment. */
  async depositOf({ run }: Telling): Promise<string> {
    const { escrow } = this.world;
    const [created] = await escrow.queryFilter(escrow.filters.PaymentCreated(run.paymentId));
    return created!.transactionHash;
  }

  /** Makes the chain longer. */
  async mine(blocks: number): Promise<void> {
    await this.world.provider.send("anvil_mine", [`0x${blocks.toString(16)}`]);
  }

  /** Types an admin's command that has to succeed, as what came before an incident. */
  async type(line: string): Promise<string> {
    return (await this.suite.terminal.type(`npx hardhat ${line} --network local`)).stdout;
  }

  /** What is set for whoever types under a name: a role, or an owner of the Safe that holds it. */
  typing(typist: string): Readonly<Record<"ME" | "MY_ADDRESS", string>> {
    return { ME: this.signerOf(typist), MY_ADDRESS: this.addressOf(typist) };
  }

  /** How somebody signs, as options of a command. */
  signerOf(typist: string): string {
    return `--signer keystore --address ${this.addressOf(typist)}`;
  }

  /** The account of whoever types, by what a page calls them: a role, or an owner of the Safe that holds it. */
  addressOf(typist: string): string {
    const [role, number] = typist.split("-") as [HeldRole, string?];
    const address =
      number === undefined
        ? this.suite.holders[role]?.[0]
        : this.suite.owners[role as SafeRole]?.[Number(number) - 1];
    if (address === undefined) throw new Fault(`Nobody is ${typist}.`);
    return address;
  }
}
