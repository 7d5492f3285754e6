import { formatUnits, id } from "ethers";

import { STORIES } from "./stories.js";
import { cast } from "./story.js";
import { Telling } from "./telling.js";
import type { World } from "./world.js";

/** More payments than this are not under way at once: then one of them moves on before a new one begins. */
const UNDER_WAY = 4;
const everyday = STORIES.filter(({ special }) => !special);

/** A little life on the chain: new payments, and steps of those under way, one at a time. */
export class Traffic {
  readonly #underWay: Telling[] = [];
  #steps = 0;
  #payments = 0;

  /** @param seed Must differ from that of the scenario on the same chain. */
  constructor(
    private readonly world: World,
    private readonly seed: string,
  ) {}

  /**
   * Takes one step and says in a line what happened.
   *
   * @throws {@link Fault} if the step fails; its story then ends there.
   */
  async step(): Promise<string> {
    const telling = await this.#choose();
    const { does } = await telling.advance().catch((error: unknown) => {
      this.#forget(telling);
      throw error;
    });
    if (telling.isOver) this.#forget(telling);
    const { token, payment, paymentId } = telling.run;
    return `${paymentId.slice(0, 10)}… ${formatUnits(payment.amount, token.decimals)} ${token.symbol} ${does}`;
  }

  #forget(telling: Telling): void {
    this.#underWay.splice(this.#underWay.indexOf(telling), 1);
  }

  async #choose(): Promise<Telling> {
    const drawn = Number(BigInt(id(`${this.seed}/step/${this.#steps++}`)) % BigInt(UNDER_WAY));
    const moving = this.#underWay[drawn];
    if (moving !== undefined) return moving;

    const number = this.#payments++;
    const story = everyday[Number(BigInt(id(`${this.seed}/story/${number}`)) % BigInt(everyday.length))]!;
    const telling = new Telling(await cast(this.world, story, this.seed, number));
    this.#underWay.push(telling);
    return telling;
  }
}
