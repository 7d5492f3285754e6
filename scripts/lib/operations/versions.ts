import { setTimeout as sleep } from "node:timers/promises";

import { Fault } from "../../../deploy/fault.js";
import type { Attempt, AttemptLog } from "./attempts.js";
import type { Endpoint, Receipt } from "./endpoint.js";
import type { Finality } from "./finality.js";
import type { Recognition } from "./recognition.js";

/** How long to wait for what, in milliseconds. */
export interface Patience {
  /** Between two looks at the chain. */
  readonly poll: number;
  /** Until a transaction that is not mined is replaced by one with a higher fee. */
  readonly replace: number;
  /** Until the command ends without an answer. Running it again goes on where it ended. */
  readonly giveUp: number;
  /** The same, where it waits until the chain cannot take a block back. */
  readonly final: number;
  /** Between two sentences on how long that still takes. */
  readonly remind: number;
}

/** How often a receipt is asked for, a poll apart, before a used nonce is taken for another transaction's. */
const LATE_TRIES = 5;

interface Surroundings {
  readonly endpoint: Endpoint;
  readonly log: AttemptLog;
  readonly recognition: Recognition;
  readonly sender: string;
  readonly patience: Patience;
  readonly tell: (sentence: string) => void;
}

/** The versions of one transaction that can still be mined, all of which have one nonce, and what becomes of them. */
export class Versions {
  /** Oldest first. */
  all: Attempt[] = [];

  constructor(private readonly around: Surroundings) {}

  get hashes(): string[] {
    return this.all.map(({ hash }) => hash);
  }

  /** The latest bytes that there are. */
  get raw(): string | undefined {
    return this.all.findLast(({ raw }) => raw !== null)?.raw ?? undefined;
  }

  async receipt(): Promise<Receipt | undefined> {
    return await this.around.endpoint.receiptOfAny(this.hashes);
  }

  /** It may have been mined between two questions, and a node may count a transaction before it tells its receipt. */
  async lateReceipt(): Promise<Receipt | undefined> {
    for (let tries = 0; tries < LATE_TRIES; tries++) {
      const receipt = await this.receipt();
      if (receipt) return receipt;
      await sleep(this.around.patience.poll);
    }
    return undefined;
  }

  /**
   * The receipt of whatever used a nonce, if that does what is to be done here: a wallet may have sent it with other fees.
   * It is written down then.
   *
   * @returns Nothing if it was another transaction.
   * @throws {@link Fault} if the endpoint does not tell.
   */
  async receiptByNonce(nonce: number): Promise<Receipt | undefined> {
    const { endpoint, sender, recognition, log } = this.around;
    const sent = await endpoint.userOf(sender, nonce);
    if (sent === undefined) throw this.#unknown(nonce);
    if (!(await recognition.isOurs(sent))) return undefined;
    if (!this.hashes.includes(sent.hash)) {
      const { hash, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = sent;
      const found: Attempt = {
        ...{ nonce, hash, raw: null, gasLimit: String(gasLimit) },
        maxFeePerGas: String(maxFeePerGas),
        maxPriorityFeePerGas: String(maxPriorityFeePerGas),
        at: new Date().toISOString(),
      };
      await log.add(found);
      this.all.push(found);
    }
    const receipt = await this.lateReceipt();
    if (receipt) return receipt;
    throw this.#unknown(nonce);
  }

  /** Whether the chain knows any version, mined or not. */
  async isKnown(): Promise<boolean> {
    for (const hash of this.hashes)
      if ((await this.around.endpoint.transaction(hash)) !== undefined) return true;
    return false;
  }

  async isNonceUsed(nonce = this.all[0]!.nonce): Promise<boolean> {
    return (await this.around.endpoint.nonce(this.around.sender, "latest")) > nonce;
  }

  /** For as long as the node says that something with this nonce waits to be mined. */
  async waitFor(nonce: number): Promise<void> {
    const { endpoint, sender, patience } = this.around;
    const giveUpAt = Date.now() + patience.giveUp;
    while ((await endpoint.nonce(sender, "pending")) > nonce && !(await this.isNonceUsed(nonce))) {
      if (Date.now() >= giveUpAt) throw this.undecided(nonce);
      await sleep(patience.poll);
    }
  }

  /**
   * Waits until the chain cannot take back that a nonce was used in vain. Otherwise what was signed for it might be mined
   * after all, besides what is signed anew.
   *
   * @param why What was in vain, for the sentence.
   * @returns The receipt of a version that succeeded after all.
   * @throws {@link Fault} if the nonce is unused again, or it is not final in time.
   */
  async untilFinal(nonce: number, finality: Finality, why: string): Promise<Receipt | undefined> {
    if (finality === "latest") return undefined;
    const { endpoint, patience, tell } = this.around;
    const giveUpAt = Date.now() + patience.final;
    let remindAt = 0;
    for (;;) {
      const found = await endpoint.tolerantly(() => this.#lookFor(nonce, finality));
      if (found?.receipt?.succeeded) return found.receipt;
      if (found && found.toGo <= 0) return undefined;
      if (Date.now() >= giveUpAt) throw this.#notFinal(why);
      if (found && Date.now() >= remindAt) {
        tell(`${why}; waiting until the chain cannot take that back: ${found.toGo} blocks to go.`);
        remindAt = Date.now() + patience.remind;
      }
      await sleep(patience.poll);
    }
  }

  /** What used a nonce, and how many blocks it is from being final. */
  async #lookFor(nonce: number, finality: Finality): Promise<{ receipt?: Receipt; toGo: number }> {
    const { endpoint, sender } = this.around;
    const final = await endpoint.finalBlock(finality);
    const receipt = await this.receipt();
    if (receipt) return { receipt, toGo: receipt.block - final };
    const sent = await endpoint.userOf(sender, nonce);
    if (sent?.block !== undefined) return { toGo: sent.block - final };
    if (await this.isNonceUsed(nonce)) throw this.#unknown(nonce);
    throw new Fault(
      `The chain has taken back what used nonce ${nonce} of ${sender}: run the command again, which goes on with what was ` +
        "signed for it. Nothing was sent now.",
    );
  }

  /** That nobody knows yet what became of a nonce. */
  undecided(nonce = this.all[0]!.nonce): Fault {
    const last = this.all.at(-1);
    return new Fault(
      `Nonce ${nonce} of ${this.around.sender} was not seen mined in ${this.around.patience.giveUp / 1000} s` +
        `${last ? ` (last version: ${last.hash})` : ""}. Run the command again: it goes on with the same transaction and ` +
        "sends nothing twice.",
      { details: this.#problems() },
    );
  }

  #notFinal(why: string): Fault {
    return new Fault(
      `${why}, and the chain can still take that back: nothing was signed anew. Run the command again later.`,
      { details: this.#problems() },
    );
  }

  #unknown(nonce: number): Fault {
    return new Fault(
      `Nonce ${nonce} of ${this.around.sender} is used, and the endpoint does not tell by what: nothing more was ` +
        "signed or sent. Run the command again, in a minute or with an endpoint that keeps the chain's history.",
    );
  }

  #problems(): string[] {
    const { lastProblem } = this.around.endpoint;
    return lastProblem === undefined ? [] : [`The endpoint's last problem: ${lastProblem}`];
  }
}
