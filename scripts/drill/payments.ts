import { Fault } from "../../deploy/fault.js";
import { deposit } from "../scenario/deposits.js";
import { openDispute, release, settle } from "../scenario/payouts.js";
import { STORIES } from "../scenario/stories.js";
import { cast, type Story } from "../scenario/story.js";
import { Telling } from "../scenario/telling.js";
import type { Token, World } from "../scenario/world.js";

/** Stories whose money, once it has gone where it goes, everybody can be asked for: nobody is blocked in them. */
const TOLD = [
  "paid by allowance",
  "paid in the native coin",
  "paid by permit",
  "relayed, ERC-3009",
  "relayed, Permit2",
  "released in parts",
  "refunded in parts",
  "partly released, partly refunded",
  "waiting",
  "released by the operator",
  "released by two people",
  "ruled on by the role",
  "ruled on by the named arbiter",
  "disputed, then settled",
  "in dispute",
  "held for a while",
];
const PAID_AT_ONCE: Story = {
  name: "paid at once",
  ends: "Closed",
  steps: [deposit, release("buyer", 100n)],
};
const DISPUTED: Story = {
  name: "settled after a dispute",
  ends: "Closed",
  steps: [deposit, openDispute("buyer"), settle(100n)],
};

const BPS = 10_000n;

/** The payments of a drill: begun before something happens, made while it does, and brought to their ends after it. */
export class Payments {
  readonly #all: Telling[] = [];
  /** Those that were not to be deposited: their buyers keep the money. */
  readonly #refused: Telling[] = [];

  constructor(
    readonly world: World,
    private readonly seed: string,
  ) {}

  get count(): number {
    return this.#all.length;
  }

  /** Deposits one payment of every kind, and brings every second one further, to its end or half way. */
  async begin(): Promise<void> {
    const stories = STORIES.filter(({ name }) => TOLD.includes(name));
    if (stories.length !== TOLD.length)
      throw new Error("A story that the drill tells is not there any more.");
    for (const [i, story] of stories.entries()) {
      const telling = await this.#begin(story);
      await telling.advance();
      if (i % 2 === 0 && !telling.isOver) await telling.advance();
    }
  }

  /** Deposits a payment of a token, and brings it no further. */
  async deposit(symbol: string): Promise<Telling> {
    const telling = await this.#begin({ ...PAID_AT_ONCE, tokens: [symbol] });
    await telling.advance();
    return telling;
  }

  /** Tells a payment to its end. */
  async finish(telling: Telling): Promise<void> {
    while (!telling.isOver) await telling.advance();
  }

  /** Brings every payment to the end of its story. */
  async finishAll(): Promise<void> {
    for (const telling of this.#all) await this.finish(telling);
  }

  /** A payment of every token from its deposit to its end, and one that the parties settle. */
  async goOn(): Promise<void> {
    for (const { symbol } of this.world.tokens) await this.finish(await this.deposit(symbol));
    await this.finish(await this.#begin(DISPUTED));
  }

  /**
   * Does what has to be refused.
   *
   * @throws {@link Fault} unless it is, for the reason given.
   */
  async expectRefusal(reason: string, work: () => Promise<unknown>): Promise<void> {
    const refusal = await work().then(
      () => "nothing",
      (error: Error) => error.message,
    );
    if (!refusal.includes(reason))
      throw new Fault(`It should be refused with ${reason}, and was with ${refusal}.`);
  }

  /** A deposit that has to be refused; its story is not told on. */
  async expectNoDeposit(symbol: string): Promise<void> {
    await this.expectRefusal("EnforcedPause", () => this.deposit(symbol));
    this.#refused.push(this.#all.pop()!);
  }

  /** The payments of at least so much. */
  ofAtLeast(amount: bigint): string[] {
    return this.#all.filter(({ run }) => run.payment.amount >= amount).map(({ run }) => run.paymentId);
  }

  /**
   * Counts the money: what every payment holds and has paid, against what its parties and the escrow own.
   *
   * @returns What is missing or too much, in whole sentences; none if nothing was lost.
   */
  async findLosses(): Promise<string[]> {
    const problems: string[] = [];
    const owned = new Ledger();
    for (const { run, isOver } of this.#all) {
      const { paymentId, payment, token, story } = run;
      const state = await this.world.escrow.paymentState(paymentId);
      if (!isOver)
        problems.push(`The payment ${paymentId} of the story “${story.name}” did not come to its end.`);
      const { held, released } = state;
      const fee = (released * payment.feeBps) / BPS;
      owned.add(token, payment.seller, released - fee);
      owned.add(token, payment.feeRecipient, fee);
      owned.add(token, payment.buyer, payment.amount - held - released);
      owned.add(token, await this.world.escrow.getAddress(), held);
    }
    for (const { run } of this.#refused) owned.add(run.token, run.payment.buyer, run.payment.amount);
    for (const { token, account, amount } of owned.entries()) {
      // Everybody spends coin on gas; the escrow does not.
      if (token.native && account !== (await this.world.escrow.getAddress())) continue;
      const found = token.native
        ? await this.world.provider.getBalance(account)
        : await token.contract.balanceOf(account);
      if (found !== amount) {
        problems.push(`${account} should own ${amount} ${token.symbol} by its payments, and owns ${found}.`);
      }
    }
    return problems;
  }

  async #begin(story: Story): Promise<Telling> {
    const telling = new Telling(await cast(this.world, story, this.seed, this.#all.length));
    this.#all.push(telling);
    return telling;
  }
}

/** Who owns how much of what. */
class Ledger {
  readonly #amounts = new Map<string, { token: Token; account: string; amount: bigint }>();

  add(token: Token, account: string, amount: bigint): void {
    const key = `${token.address}/${account}`;
    const before = this.#amounts.get(key)?.amount ?? 0n;
    this.#amounts.set(key, { token, account, amount: before + amount });
  }

  entries() {
    return [...this.#amounts.values()];
  }
}
