import { setTimeout as sleep } from "node:timers/promises";

import { keccak256 } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import { Fault } from "../../../deploy/fault.js";
import { Declined } from "../signers/declined.js";
import type { Sealed } from "../signers/sealed.js";
import type { Signer, UnsignedTransaction } from "../signers/signer.js";
import { plain } from "../plain.js";
import {
  attemptOf,
  forgiving,
  lastFew,
  type Asked,
  type Attempt,
  type AttemptLog,
  type Settled,
} from "./attempts.js";
import { requireAffordable, tooDear } from "./cost.js";
import { Endpoint, EndpointFault, type Call, type Receipt } from "./endpoint.js";
import { finalityOf, type Finality } from "./finality.js";
import { Recognition } from "./recognition.js";
import { Versions, type Patience } from "./versions.js";

export type { Patience } from "./versions.js";

const PATIENCE: Patience = {
  poll: 1_000,
  replace: 60_000,
  giveUp: 900_000,
  final: 3_600_000,
  remind: 60_000,
};

/** Nodes refuse a replacement whose fees are less than 10 % higher, some 12.5 %. */
const RAISE_PERCENT = 125n;
/** An estimate is of the state now; what it meets later may cost a little more. */
const GAS_MARGIN_PERCENT = 130n;
/** A transaction that failed having used this share of its gas most likely ran out of it. */
const OUT_OF_GAS_PERCENT = 98n;
const LATER_RUNG = "Take a later rung (npx hardhat ops ready tells which), or plan and sign anew.";

export interface Submitting {
  readonly provider: EIP1193Provider;
  readonly chainId: number;
  /** Without `signTransaction`, nothing but what the log holds is sent, and it is never replaced. */
  readonly signer: Pick<Signer, "kind" | "address"> & Partial<Pick<Signer, "signTransaction">>;
  readonly call: Call;
  /** The manifest's consent to sign this call with these fees. */
  readonly seal: (
    transaction: UnsignedTransaction,
  ) => Sealed<UnsignedTransaction> | Promise<Sealed<UnsignedTransaction>>;
  /** That it can be signed for one nonce only: no other can take its place. */
  readonly isBound?: boolean;
  /** That it is done once at most, however often it is sent: so nothing that is wrong with the log stops it. */
  readonly isOnceAtMost?: boolean;
  /** What was signed beforehand for that nonce. These very bytes are sent, whatever the log holds. */
  readonly presigned?: string;
  /** That it does no harm if it is done twice: it is signed anew without waiting until the chain cannot take back that it failed. */
  readonly isHarmlessTwice?: boolean;
  /** Which blocks the chain does not take back; by default what is known of it. */
  readonly finality?: Finality;
  /** Asks a person what only they can know. Without it, work ends where they would be asked. */
  readonly ask?: (question: string) => Promise<boolean>;
  readonly log: AttemptLog;
  /** Told in one sentence each what is being waited for. */
  readonly tell?: (sentence: string) => void;
  readonly patience?: Partial<Patience>;
}

/**
 * Gets a transaction mined exactly once, through lost answers, a dead endpoint, fees that are too low and a process that
 * was killed: what is signed is written down before it is sent, and everything that is ever sent for it has one nonce.
 *
 * @returns The receipt of the version that was mined, with status 1.
 * @throws {@link Fault} if it would fail, did fail, lost its nonce to another transaction, or is not mined in time.
 */
export async function submit(submitting: Submitting): Promise<Receipt> {
  return await new Submission(submitting).run();
}

class Submission {
  readonly #endpoint: Endpoint;
  readonly #patience: Patience;
  readonly #tell: (sentence: string) => void;
  readonly #log: AttemptLog;
  readonly #recognition: Recognition;
  readonly #versions: Versions;
  /** The nonce that has to be taken, since a wallet may have sent something with it already. */
  #nonce?: number;
  /** That the chain knows what a wallet sent, so that it only has to be waited for. */
  #isSeen = false;

  constructor(private readonly given: Submitting) {
    this.#endpoint = new Endpoint(given.provider);
    this.#patience = { ...PATIENCE, ...given.patience };
    this.#tell = given.tell ?? (() => {});
    this.#log = given.isOnceAtMost ? forgiving(given.log, this.#tell) : given.log;
    this.#recognition = new Recognition(given, this.#endpoint);
    this.#versions = new Versions({
      ...{ endpoint: this.#endpoint, log: this.#log, recognition: this.#recognition },
      ...{ sender: given.signer.address, patience: this.#patience, tell: this.#tell },
    });
  }

  async run(): Promise<Receipt> {
    const { presigned } = this.given;
    const earlier = await (presigned === undefined ? this.#resume() : this.#take(presigned));
    if (earlier) return await this.#requireSuccess(earlier);
    if (this.#versions.raw === undefined && !this.#isSeen) await this.#sign(await this.#firstVersion());

    const giveUpAt = Date.now() + this.#patience.giveUp;
    let replaceAt = Date.now() + this.#patience.replace;
    await this.#send();
    for (;;) {
      const receipt = await this.#endpoint.tolerantly(() => this.#receipt());
      if (receipt) return await this.#requireSuccess(receipt);
      if (Date.now() >= giveUpAt) throw this.#versions.undecided();
      if (Date.now() >= replaceAt && (await this.#replace())) replaceAt = Date.now() + this.#patience.replace;
      else await this.#send();
      await sleep(this.#patience.poll);
    }
  }

  /**
   * The bytes are given: the log only has to tell others of them, and with which an earlier run replaced them. What else
   * may have taken their place, the chain tells.
   */
  async #take(raw: string): Promise<undefined> {
    const attempt = attemptOf(raw);
    await this.#recognition.require(attempt);
    const lines = await this.#log.read();
    if (!lines.some(({ hash }) => hash === attempt.hash)) await this.#log.add(attempt);
    const others = lines.filter(({ nonce, hash }) => nonce === attempt.nonce && hash !== attempt.hash);
    const replacing = await this.#ours(others.filter(({ raw }) => raw !== null));
    this.#versions.all = [attempt, ...replacing];
  }

  /** Goes on with what an earlier run signed. */
  async #resume(): Promise<Receipt | undefined> {
    if (this.given.isOnceAtMost) return await this.#resumeAtOnce();
    const attempts = await this.#log.read();
    const asked = await this.#log.open();
    const nonce = asked?.nonce ?? attempts.at(-1)?.nonce;
    if (nonce === undefined) return undefined;
    this.#versions.all = attempts.filter((attempt) => attempt.nonce === nonce);
    for (const attempt of this.#versions.all) await this.#requireOurs(attempt);
    return await (asked === undefined ? this.#goOn(nonce) : this.#settle(asked));
  }

  /** What may be sent once more waits for nothing but what is certainly a version of it. */
  async #resumeAtOnce(): Promise<Receipt | undefined> {
    const ours = await this.#ours(await this.#log.read());
    const nonce = ours.at(-1)?.nonce;
    if (nonce === undefined) return undefined;
    this.#versions.all = ours.filter((attempt) => attempt.nonce === nonce);
    return await this.#goOn(nonce);
  }

  async #requireOurs(attempt: Attempt): Promise<void> {
    try {
      await this.#recognition.require(attempt);
    } catch (cause) {
      // What goes wrong on the way to the chain is nobody's forgery.
      throw cause instanceof EndpointFault ? cause : this.#foreign((cause as Error).message, cause);
    }
  }

  /** Which of the last attempts are certainly versions of this. */
  async #ours(attempts: readonly Attempt[]): Promise<Attempt[]> {
    const ours: Attempt[] = [];
    for (const attempt of lastFew(attempts)) {
      try {
        if (await this.#recognition.require(attempt)) ours.push(attempt);
      } catch (problem) {
        this.#tell(`Left out of what ${this.#log.path} holds: ${plain((problem as Error).message)}`);
      }
    }
    return ours;
  }

  async #goOn(nonce: number): Promise<Receipt | undefined> {
    this.#tell(`Going on with the transaction of nonce ${nonce} that was signed before.`);
    const { isBound, isOnceAtMost } = this.given;
    const receipt = await this.#versions.receipt();
    if (receipt?.succeeded) return receipt;
    if (receipt && (isBound || this.#ranOut(receipt))) return receipt;
    if (receipt) return await this.#signAnew(nonce, `${receipt.hash} was mined and failed`);
    if (await this.#versions.isNonceUsed(nonce)) {
      const late = await this.#versions.lateReceipt();
      // What is done once at most does not wait for an endpoint that has to tell what used the nonce.
      const found = late ?? (isOnceAtMost ? undefined : await this.#versions.receiptByNonce(nonce));
      return found ?? (await this.#signAnew(nonce, `Nonce ${nonce} was used by another transaction`));
    }
    if (this.#versions.raw !== undefined) return undefined;
    // Only a wallet has, or had, the bytes.
    this.#isSeen = await this.#versions.isKnown();
    if (this.#isSeen) return undefined;
    const { hash, at } = this.#versions.all.at(-1)!;
    // The chain knew it a moment ago.
    if (isOnceAtMost) return void (this.#versions.all = []);
    await this.#requireTurn(nonce);
    await this.#versions.waitFor(nonce);
    if (await this.#versions.isNonceUsed(nonce)) return await this.#goOn(nonce);
    return await this.#askAgain(nonce, at, `The wallet said at ${at} that it sent this as ${hash},`);
  }

  /**
   * Waits until the chain cannot take back that a nonce was used in vain; then nothing can come of a question with it either.
   *
   * @returns The receipt of a version that succeeded after all.
   */
  async #untilFinal(nonce: number, why: string): Promise<Receipt | undefined> {
    const { isHarmlessTwice, chainId, finality = finalityOf(chainId) } = this.given;
    const revived = isHarmlessTwice ? undefined : await this.#versions.untilFinal(nonce, finality, why);
    if (revived) return revived;
    const asked = await this.#log.open();
    if (asked) await this.#log.note(settled(asked.nonce, "nonce used by another"));
    return undefined;
  }

  /** What was tried came to nothing, and the next nonce is taken: once the chain cannot take that back. */
  async #signAnew(nonce: number, why: string): Promise<Receipt | undefined> {
    const revived = await this.#untilFinal(nonce, why);
    if (revived) return revived;
    this.#tell(`${why}; signing anew.`);
    this.#versions.all = [];
    return undefined;
  }

  /**
   * Finds out what came of something that a wallet was asked to send. Its hash is not known; its nonce is, and whatever
   * else is sent takes the same one until that is settled, so that no more than one of them can be mined.
   */
  async #settle(asked: Asked): Promise<Receipt | undefined> {
    const { nonce } = asked;
    await this.#requireTurn(nonce);
    this.#tell(`A wallet was asked to send this with nonce ${nonce}, and what came of it was never heard.`);
    await this.#versions.waitFor(nonce);
    if (await this.#versions.isNonceUsed(nonce)) {
      if (await this.#versions.receipt()) return await this.#goOn(nonce);
      const receipt = await this.#versions.receiptByNonce(nonce);
      return receipt ?? (await this.#signAnew(nonce, `Nonce ${nonce} was used by another transaction`));
    }
    // What was signed for this nonce before can be sent, whatever the wallet did: no more than one of them can be mined.
    if (this.#versions.raw !== undefined) return undefined;
    return await this.#askAgain(nonce, asked.at, `The wallet was asked at ${asked.at} to send this`);
  }

  /** Only ever the next nonce is asked for: one far ahead would never be mined, and everything would wait for it. */
  async #requireTurn(nonce: number): Promise<void> {
    const { address } = this.given.signer;
    if (nonce <= (await this.#endpoint.nonce(address, "pending"))) return;
    throw new Fault(
      `${this.#log.path} says that a wallet was asked for nonce ${nonce}, which is not ${address}'s turn yet: restore the ` +
        "file from version control. Nothing was sent.",
    );
  }

  /** Where a wallet may have sent something that the chain does not know: it is sent again with the same nonce, if at all. */
  async #askAgain(nonce: number, at: string, what: string): Promise<undefined> {
    const { signer, ask } = this.given;
    this.#nonce = nonce;
    if (signer.kind !== "wallet") return;
    const question =
      `The chain does not know what the wallet was asked to send at ${at} as ${signer.address}, nonce ${nonce}. ` +
      "Look into the wallet whether it waits there, and decline or finish it. Ask it again, with the same nonce?";
    if ((await ask?.(question)) === true) return;
    throw new Fault(
      `${what} as ${signer.address} with nonce ${nonce}, and the chain does not know it: look into the wallet, then run ` +
        "the command again and confirm that it is to be asked once more. Nothing was sent now.",
    );
  }

  #foreign(why: string, cause?: unknown): Fault {
    return new Fault(
      `${this.#log.path} holds what was not signed for this; restore it from version control or a backup. Nothing was ` +
        "sent.",
      { details: [plain(why)], cause },
    );
  }

  async #firstVersion(): Promise<UnsignedTransaction> {
    const { signer, call, chainId } = this.given;
    const gasLimit = await this.#gasLimit();
    const fees = await this.#endpoint.fees();
    const nonce = this.#nonce ?? (await this.#endpoint.nonce(signer.address, "pending"));
    const mined = await this.#endpoint.nonce(signer.address, "latest");
    if (nonce > mined) {
      this.#tell(
        `${nonce - mined} earlier transactions of ${signer.address} are not mined yet; this one waits for them.`,
      );
    }
    const transaction = { chainId, nonce, ...call, gasLimit, ...fees };
    requireAffordable(transaction);
    return transaction;
  }

  async #gasLimit(atLeast = 0n): Promise<bigint> {
    const { signer, call } = this.given;
    const estimate = await this.#endpoint.estimate(signer.address, call);
    const limit = await this.#endpoint.blockGasLimit();
    const wanted = max((estimate * GAS_MARGIN_PERCENT) / 100n, atLeast);
    if (estimate > limit) {
      throw new Fault(
        `The transaction needs ${estimate} gas, more than a block of this chain has (${limit}).`,
      );
    }
    return wanted < limit ? wanted : limit;
  }

  /** Signs a version and writes it down. Nothing is sent before that. */
  async #sign(transaction: UnsignedTransaction): Promise<void> {
    const { signer, seal } = this.given;
    const log = this.#log;
    if (signer.signTransaction === undefined) {
      throw new Fault(`What ${signer.address} signed beforehand can no longer be mined; sign anew.`);
    }
    const sealed = await seal(transaction);
    this.#tell(`Waiting for ${signer.kind} ${signer.address} to sign.`);
    const { nonce, to, value } = transaction;
    const now = () => new Date().toISOString();
    const submission = await signer
      .signTransaction(sealed, {
        beforeSending: () => log.note({ kind: "asked", nonce, to, value: String(value), at: now() }),
      })
      .catch(async (problem: unknown) => {
        // An earlier question may still be open.
        const isOpen =
          problem instanceof Declined && this.#nonce === undefined && (await log.open()) !== undefined;
        if (isOpen) await log.note(settled(nonce, "declined"));
        throw problem;
      });
    const attempt: Attempt = {
      nonce,
      hash: "raw" in submission ? keccak256(submission.raw) : submission.sent,
      raw: "raw" in submission ? submission.raw : null,
      gasLimit: String(transaction.gasLimit),
      maxFeePerGas: String(transaction.maxFeePerGas),
      maxPriorityFeePerGas: String(transaction.maxPriorityFeePerGas),
      at: now(),
    };
    await log.add(attempt);
    this.#versions.all.push(attempt);
  }

  /** Sends the latest bytes, as often as it takes: the same bytes can only be mined once. */
  async #send(): Promise<void> {
    const raw = this.#versions.raw;
    if (raw === undefined) return;
    const isGivenOpen = await this.#sendGiven(raw);
    try {
      await this.#endpoint.tolerantly(() => this.#endpoint.sendRaw(raw));
    } catch (refusal) {
      // A node that has taken it already may say of the same bytes that there is not enough left to pay for them.
      const isTaken = async () => (await this.#versions.isNonceUsed()) || (await this.#versions.isKnown());
      if (!isGivenOpen && !(await this.#endpoint.tolerantly(isTaken))) throw refusal;
    }
  }

  /**
   * The given bytes before a dearer version, each time: there may not be enough to pay for that one.
   *
   * @returns Whether they may still be mined, as far as the endpoint tells.
   */
  async #sendGiven(latest: string): Promise<boolean> {
    const { presigned } = this.given;
    if (presigned === undefined || presigned === latest) return false;
    try {
      await this.#endpoint.sendRaw(presigned);
      return true;
    } catch (refusal) {
      return !(refusal instanceof Fault);
    }
  }

  async #receipt(): Promise<Receipt | undefined> {
    const receipt = await this.#versions.receipt();
    const { nonce } = this.#versions.all[0]!;
    if (receipt || !(await this.#versions.isNonceUsed(nonce))) return receipt;
    const late = (await this.#versions.lateReceipt()) ?? (await this.#versions.receiptByNonce(nonce));
    if (late) return late;
    throw new Fault(
      `Nonce ${nonce} of ${this.given.signer.address} was used by another transaction, so this one was not and will not be ` +
        `mined. ${this.given.isBound ? LATER_RUNG : "Run the command again to send it with the next nonce."}`,
    );
  }

  /** Signs the same transaction with a higher fee. A wallet that sends by itself chooses its fees by itself. */
  async #replace(): Promise<boolean> {
    const last = this.#versions.all.at(-1)!;
    if (last.raw === null || this.given.signer.signTransaction === undefined) return false;
    const market = await this.#endpoint.tolerantly(() => this.#endpoint.fees());
    if (!market) return false;
    const raised = (fee: string) => (BigInt(fee) * RAISE_PERCENT) / 100n + 1n;
    const next = {
      chainId: this.given.chainId,
      nonce: last.nonce,
      ...this.given.call,
      gasLimit: BigInt(last.gasLimit),
      maxFeePerGas: max(market.maxFeePerGas, raised(last.maxFeePerGas)),
      maxPriorityFeePerGas: max(market.maxPriorityFeePerGas, raised(last.maxPriorityFeePerGas)),
    };
    const dear = tooDear(next);
    if (dear) {
      this.#tell(`Not mined yet, and not replaced: ${dear.message}`);
      return true;
    }
    this.#tell(`Not mined yet; replacing it with a higher fee.`);
    await this.#sign(next);
    await this.#send();
    return true;
  }

  async #requireSuccess(receipt: Receipt): Promise<Receipt> {
    if (receipt.succeeded) return receipt;
    const { nonce, gasLimit: given } = this.#versions.all.find(({ hash }) => hash === receipt.hash)!;
    const gasLimit = BigInt(given);
    if (this.given.isBound) {
      const why = this.#ranOut(receipt) ? `ran out of its ${gasLimit} gas` : "was mined and failed";
      throw new Fault(
        `${receipt.hash} ${why} and changed nothing. What was signed beforehand was for nonce ${nonce} alone, which is ` +
          `spent now: ${LATER_RUNG[0]!.toLowerCase()}${LATER_RUNG.slice(1)}`,
      );
    }
    if (!this.#ranOut(receipt)) {
      const reason = await this.#endpoint.reasonOf(this.given.signer.address, this.given.call, receipt.block);
      throw new Fault(
        `${receipt.hash} was mined and failed: ${reason}. It changed nothing; run the command again.`,
      );
    }
    const why = `${receipt.hash} ran out of its ${gasLimit} gas and changed nothing`;
    const revived = await this.#untilFinal(nonce, why);
    if (revived) return revived;
    this.#tell(`${why}; sending it again with twice as much.`);
    this.#nonce = undefined;
    const next = await this.#firstVersion();
    const limit = await this.#gasLimit(gasLimit * 2n);
    if (limit <= gasLimit) {
      throw new Fault(`${receipt.hash} ran out of gas, and a block of this chain has no more than ${limit}.`);
    }
    const dearer = { ...next, gasLimit: limit };
    requireAffordable(dearer);
    this.#versions.all = [];
    await this.#sign(dearer);
    return await this.run();
  }

  #ranOut({ hash, gasUsed }: Receipt): boolean {
    const gasLimit = BigInt(this.#versions.all.find((version) => version.hash === hash)!.gasLimit);
    return gasUsed * 100n >= gasLimit * OUT_OF_GAS_PERCENT;
  }
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);

const settled = (nonce: number, why: Settled["why"]): Settled => ({
  ...{ kind: "settled", nonce, why },
  at: new Date().toISOString(),
});
