import { startAnvil } from "../../../scripts/lib/anvil.js";
import { freePort } from "../../../scripts/lib/processes.js";
import { deployEmittedSuite, type EmittedSuite } from "../emitted-suite.js";
import { everyEvent } from "../every-event.js";
import type { Chance } from "./chance.js";
import { Traffic, type Act } from "./traffic.js";

/** Sepolia's id: there the engine takes blocks for final 65 deep, and keeps what the RPC said, as in production. */
export const CHAIN_ID = 11_155_111;
export const FINALITY = 65;
const GAS = 20_000_000;
const MOST_ACTS_A_BLOCK = 3;

/** A chain with traffic on it, which can go back and take another turn. */
export class FaultChain {
  /** The acts of each block that are still part of the chain. */
  readonly #acts = new Map<number, Act[]>();
  readonly #traffic: Traffic;

  private constructor(
    readonly url: string,
    readonly suite: EmittedSuite,
    readonly chance: Chance,
    readonly stop: () => Promise<void>,
    private readonly senders: string[],
  ) {
    this.#traffic = new Traffic(CHAIN_ID, suite.addresses.escrow);
  }

  /** Starts a chain on which every event of the suite was emitted once. */
  static async start(chance: Chance): Promise<FaultChain> {
    const anvil = await startAnvil({
      port: await freePort(),
      chainId: CHAIN_ID,
      args: ["--gas-limit", "400000000"],
    });
    const suite = await deployEmittedSuite(anvil.url, CHAIN_ID);
    await suite.emit(...everyEvent(CHAIN_ID, suite.addresses).events);
    await suite.provider.send("evm_setAutomine", [false]);
    const stop = async () => {
      await suite.dispose();
      await anvil.stop();
    };
    const senders = (await suite.provider.send("eth_accounts", [])) as string[];
    const chain = new FaultChain(anvil.url, suite, chance, stop, senders);
    chain.#traffic.remember(await chain.height());
    return chain;
  }

  async height(): Promise<number> {
    return await this.suite.provider.getBlockNumber();
  }

  /** Mines blocks of new traffic. Returns the height. */
  async grow(blocks: number): Promise<number> {
    for (let i = 0; i < blocks; i++) {
      const acts = Array.from({ length: this.chance.between(0, MOST_ACTS_A_BLOCK) }, () =>
        this.#traffic.draw(this.chance),
      );
      await this.#mine(acts);
    }
    return await this.height();
  }

  /**
   * Takes back the last blocks and mines one more than that in their place: of the acts that were in them some are
   * dropped, some replaced by others, and the rest comes in another order. Returns the new height.
   */
  async reorganise(depth: number): Promise<number> {
    const ancestor = (await this.height()) - depth;
    const undone = [...this.#acts].filter(([block]) => block > ancestor).flatMap(([, acts]) => acts);
    for (const block of this.#acts.keys()) if (block > ancestor) this.#acts.delete(block);
    await this.suite.provider.send("anvil_dropAllTransactions", []);
    await this.suite.provider.send("anvil_rollback", [depth]);
    // The same acts at the same times would be the same blocks.
    await this.suite.provider.send("evm_increaseTime", [1]);
    this.#traffic.goBack(ancestor);

    const kept = this.chance.shuffled(undone).flatMap((act) => this.#turned(act));
    const blocks = depth + 1;
    for (let i = 0; i < blocks; i++) {
      await this.#mine(kept.splice(0, Math.ceil(kept.length / (blocks - i))));
    }
    return await this.height();
  }

  #turned(act: Act): Act[] {
    if (this.chance.percent(20)) return [];
    if (!this.chance.percent(20)) return [act];
    // The same payment, but another amount: one whose terms hash to another id.
    return act.what === "deposit" ? [{ ...act, amount: act.amount + 1 }] : [this.#traffic.draw(this.chance)];
  }

  /** Mines a block of the acts that can be done as things stand. */
  async #mine(acts: readonly Act[]): Promise<void> {
    const { provider } = this.suite;
    const done: Act[] = [];
    for (const act of acts) {
      const events = this.#traffic.play(act);
      if (events === undefined) continue;
      done.push(act);
      // People have senders of their own, so that a transaction can be the same one on another branch.
      const from = this.senders[("n" in act ? act.n : 0) % this.senders.length]!;
      for (const call of this.suite.calls(...events)) {
        await provider.send("eth_sendTransaction", [{ from, gas: `0x${GAS.toString(16)}`, ...call }]);
      }
    }
    await provider.send("evm_mine", []);
    const block = await this.height();
    this.#acts.set(block, done);
    this.#traffic.remember(block);
  }
}
