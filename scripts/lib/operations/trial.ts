import { id, Interface, MaxUint256, toBeHex, ZeroAddress, ZeroHash, type TypedDataDomain } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { NATIVE_COIN } from "../../../deploy/parameters.js";
import type { Escrow } from "../../../types/ethers-contracts/index.js";
import { domainOf, paymentIdOf, type Payment } from "../signing.js";
import { fund } from "./funding.js";
import type { Fork } from "./fork.js";
import { reasonOf } from "./reverts.js";
import { contractsAt, type Contracts, type Suite } from "./suite.js";
import { formatAmount, PAUSE_BITS, type Token } from "./units.js";

const HOUR = 3_600;
/** From a deposit to when it can be claimed. */
const DEADLINE = 300;
/** Money for some hundred payments. */
const PURSE = 1_000n;
const TOKEN = new Interface([
  "function approve(address spender, uint256 value)",
  "function balanceOf(address) view returns (uint256)",
]);

/** What an officer writes of an account that is in order. */
const CLEARED = {
  standing: 1,
  riskScore: 0,
  tier: 0,
  jurisdiction: 0,
  expiry: 0,
  attestationHash: ZeroHash,
};

/** People whom nobody has a key of. */
const person = (name: string) => `0x${id(`holdfast rehearsal ${name}`).slice(-40)}`;

interface TrialPayment {
  readonly terms: Payment;
  readonly paymentId: string;
}

/**
 * Payments made on a fork, to see whether money still moves: some are deposited before a change and released and claimed
 * after it.
 */
export class Trial {
  readonly #open: TrialPayment[] = [];
  #made = 0;

  private constructor(
    private readonly fork: Fork,
    private readonly contracts: Contracts,
    private readonly domain: TypedDataDomain,
    readonly token: Token,
    /** Of each payment, in the token's smallest unit; a multiple of 2. */
    readonly amount: bigint,
    private readonly buyer: string,
    private readonly seller: string,
    /** Holds COMPLIANCE. */
    private readonly officer: string,
  ) {}

  /**
   * Finds a token that can be deposited now, and somebody with money to deposit.
   *
   * @returns Nothing if deposits are not possible as the chain is, so that nobody can tell what a change does to them.
   */
  static async begin(fork: Fork, { record, parameters }: Suite): Promise<Trial | undefined> {
    const contracts = contractsAt(record, fork.provider);
    const { escrow } = contracts;
    const [buyer, seller] = [person("buyer"), person("seller")];
    const officer = parameters.holders.COMPLIANCE[0]!;
    for (const token of record.tokens) {
      const { enabled, cap } = await escrow.tokenConfig(token.address);
      const { held } = await escrow.tokenTotals(token.address);
      const room = cap - held;
      const amount = smaller(10n ** BigInt(token.decimals), room / PURSE) & ~1n;
      if (!enabled || amount <= 0n) continue;
      if (!(await fund(fork, token.address, buyer, amount * PURSE))) continue;
      const trial = new Trial(fork, contracts, await domainOf(escrow), token, amount, buyer, seller, officer);
      await trial.#approve();
      return trial;
    }
    return undefined;
  }

  /** The same payments again, to go on with in another branch of what may happen. */
  copy(): Trial {
    const { fork, contracts, domain, token, amount, buyer, seller, officer } = this;
    const copy = new Trial(fork, contracts, domain, token, amount, buyer, seller, officer);
    copy.#open.push(...this.#open);
    copy.#made = this.#made;
    return copy;
  }

  /** What is done, for the record of a rehearsal. */
  get description(): string {
    const how = this.#isNative ? "a balance set on the fork" : "a balance written into its storage";
    return `payments of ${formatAmount(this.amount, this.token)} each, from ${how}`;
  }

  /**
   * Makes a deposit that stays, and one that is released to the half and claimed; and does the same with what earlier
   * rounds left. Takes some minutes of the fork's time.
   *
   * @throws {@link Fault} that says which of it failed, and why.
   */
  async round(): Promise<void> {
    await this.#clear();
    const [kept, released] = [await this.#deposit(), await this.#deposit()];
    await this.#release(released);
    for (const earlier of this.#open) await this.#release(earlier);
    await this.fork.reach(Number(released.terms.deadline));
    for (const payment of [...this.#open.splice(0), released]) await this.#claim(payment);
    this.#open.push(kept);
  }

  /** As {@link round}, where something may be paused: that holds, ends by itself, and then money moves again. */
  async roundAfterPauses(): Promise<void> {
    const { deposits, until } = await this.pauses();
    if (deposits) await this.expectNoDeposits();
    await this.fork.reach(until);
    await this.round();
  }

  /** @throws {@link Fault} if a deposit is accepted. */
  async expectNoDeposits(): Promise<void> {
    const accepted = await this.fork.apart(() =>
      this.#deposit().then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Fault)) throw error;
          return false;
        },
      ),
    );
    if (accepted) throw new Fault("A deposit is accepted, although deposits are paused.");
  }

  /** What is paused, and until when: Unix seconds, 0 if nothing is. */
  async pauses(): Promise<{ deposits: boolean; until: number }> {
    const { escrow } = this.contracts;
    const now = await this.fork.now();
    const ends = await Promise.all(Object.values(PAUSE_BITS).map((bit) => escrow.pausedUntil(bit)));
    const until = Math.max(...ends.map(Number));
    return { deposits: Number(ends[0]) > now, until: until > now ? until : 0 };
  }

  async #approve(): Promise<void> {
    if (this.#isNative) return;
    const data = TOKEN.encodeFunctionData("approve", [await this.contracts.escrow.getAddress(), MaxUint256]);
    await this.#send(this.buyer, "approve the escrow", { to: this.token.address, value: 0n, data });
  }

  async #deposit(): Promise<TrialPayment> {
    const terms = await this.#terms();
    const paymentId = paymentIdOf(this.domain, terms);
    await this.#call(this.buyer, "deposit", [terms], this.#isNative ? terms.amount : 0n);
    await this.#expect(paymentId, { held: this.amount, released: 0n });
    return { terms, paymentId };
  }

  async #release({ terms, paymentId }: TrialPayment): Promise<void> {
    const half = this.amount / 2n;
    await this.#paysSeller(half, () => this.#call(this.buyer, "release", [terms, half]));
    await this.#expect(paymentId, { held: half, released: half });
  }

  async #claim({ terms, paymentId }: TrialPayment): Promise<void> {
    await this.#paysSeller(this.amount / 2n, () => this.#call(this.seller, "claim", [terms]));
    await this.#expect(paymentId, { held: 0n, released: this.amount });
  }

  async #paysSeller(amount: bigint, pay: () => Promise<void>): Promise<void> {
    const before = await this.#paid();
    await pay();
    const received = (await this.#paid()) - before;
    if (received !== amount) {
      throw new Fault(
        `The seller was to receive ${formatAmount(amount, this.token)}, and received ${formatAmount(received, this.token)}.`,
      );
    }
  }

  async #expect(paymentId: string, expected: { held: bigint; released: bigint }): Promise<void> {
    const { held, released } = await this.contracts.escrow.paymentState(paymentId);
    if (held === expected.held && released === expected.released) return;
    throw new Fault(
      `The payment ${paymentId} should hold ${expected.held} and have released ${expected.released}, ` +
        `and holds ${held} and has released ${released}.`,
    );
  }

  async #terms(): Promise<Payment> {
    this.#made += 1;
    return {
      buyer: this.buyer,
      seller: this.seller,
      token: this.token.address,
      amount: this.amount,
      deadline: BigInt((await this.fork.now()) + DEADLINE),
      onDeadline: 1n,
      arbiter: ZeroAddress,
      disputeWindow: BigInt(HOUR),
      feeBps: 0n,
      feeRecipient: ZeroAddress,
      paymentReference: toBeHex(this.#made, 32),
    };
  }

  /** Where only listed accounts may take part, a compliance officer lists ours. */
  async #clear(): Promise<void> {
    const { complianceRegistry } = this.contracts;
    const updates: object[] = [];
    for (const account of [this.buyer, this.seller]) {
      // What does not even answer will not take a deposit either, and then says why.
      const isFit = await complianceRegistry.isCompliant(account).catch(() => true);
      if (!isFit) updates.push({ ...CLEARED, account });
    }
    if (updates.length === 0) return;
    const data = complianceRegistry.interface.encodeFunctionData("setRecords", [updates as never]);
    await this.#send(this.officer, "be cleared", {
      to: await complianceRegistry.getAddress(),
      value: 0n,
      data,
    });
  }

  /** What the seller was paid so far. Coin is counted where it leaves, as the fork gives senders money for gas. */
  async #paid(): Promise<bigint> {
    const { provider } = this.fork;
    if (this.#isNative) return -(await provider.getBalance(await this.contracts.escrow.getAddress()));
    const data = TOKEN.encodeFunctionData("balanceOf", [this.seller]);
    return BigInt(await provider.call({ to: this.token.address, data }));
  }

  get #isNative(): boolean {
    return this.token.address === NATIVE_COIN;
  }

  async #call(
    from: string,
    name: keyof Escrow & string,
    args: readonly unknown[],
    value = 0n,
  ): Promise<void> {
    const { escrow } = this.contracts;
    const data = (escrow.interface as unknown as Interface).encodeFunctionData(name, args);
    await this.#send(from, name, { to: await escrow.getAddress(), value, data });
  }

  async #send(
    from: string,
    what: string,
    transaction: { to: string; value: bigint; data: string },
  ): Promise<void> {
    const mined = await this.fork.send(from, transaction);
    if (mined.receipt.status === 1) return;
    throw new Fault(`A trial payment could not ${what}: ${await reasonOf(this.fork, mined)}.`);
  }
}

const smaller = (one: bigint, other: bigint) => (one < other ? one : other);
