import { setTimeout as sleep } from "node:timers/promises";

import { formatEther, keccak256, parseEther, Transaction } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import { Fault } from "../../../deploy/fault.js";
import { Declined } from "../signers/declined.js";
import type { Sealed } from "../signers/sealed.js";
import type { Signer, UnsignedTransaction } from "../signers/signer.js";
import type { Asked, Attempt, AttemptLog } from "./attempts.js";
import { plain } from "../plain.js";
import { Endpoint, EndpointFault, reaching, type Call, type Receipt, type Sent } from "./endpoint.js";

/** How long to wait for what, in milliseconds. */
export interface Patience {
  /** Between two looks at the chain. */
  readonly poll: number;
  /** Until a transaction that is not mined is replaced by one with a higher fee. */
  readonly replace: number;
  /** Until the command ends without an answer. Running it again goes on where it ended. */
  readonly giveUp: number;
}

const PATIENCE: Patience = { poll: 1_000, replace: 60_000, giveUp: 900_000 };

/** Nodes refuse a replacement whose fees are less than 10 % higher, some 12.5 %. */
const RAISE_PERCENT = 125n;
/** An estimate is of the state now; what it meets later may cost a little more. */
const GAS_MARGIN_PERCENT = 130n;
/** A transaction that failed having used this share of its gas most likely ran out of it. */
const OUT_OF_GAS_PERCENT = 98n;
/**
 * The most that one transaction may cost, in the chain's own coin: fees are what the endpoint says they are, and it may lie.
 * The environment variable is for a chain whose coin is worth little.
 */
const COST_VARIABLE = "HOLDFAST_MAX_COST";
const MAX_COST = "1";
/** How often a receipt is asked for, a poll apart, before a used nonce is taken for another transaction's. */
const LATE_TRIES = 5;

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
  /** That what the log holds was signed beforehand for its one nonce: no other nonce can take its place. */
  readonly isBound?: boolean;
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
  /** The versions of the transaction that can still be mined, oldest first; all have one nonce. */
  #versions: Attempt[] = [];
  /** The data that was ever signed or asked for here, by its hash. */
  readonly #data = new Set<string>();
  /** The nonce that has to be taken, since a wallet may have sent something with it already. */
  #nonce?: number;

  constructor(private readonly given: Submitting) {
    this.#endpoint = new Endpoint(given.provider);
    this.#patience = { ...PATIENCE, ...given.patience };
    this.#tell = given.tell ?? (() => {});
    this.#data.add(keccak256(given.call.data));
  }

  async run(): Promise<Receipt> {
    const earlier = await this.#resume();
    if (earlier) return await this.#requireSuccess(earlier);
    if (this.#versions.length === 0) await this.#sign(await this.#firstVersion());

    const giveUpAt = Date.now() + this.#patience.giveUp;
    let replaceAt = Date.now() + this.#patience.replace;
    await this.#send();
    for (;;) {
      const receipt = await this.#endpoint.tolerantly(() => this.#receipt());
      if (receipt) return await this.#requireSuccess(receipt);
      if (Date.now() >= giveUpAt) throw this.#undecided();
      if (Date.now() >= replaceAt && (await this.#replace())) replaceAt = Date.now() + this.#patience.replace;
      else await this.#send();
      await sleep(this.#patience.poll);
    }
  }

  /** Goes on with what an earlier run signed. */
  async #resume(): Promise<Receipt | undefined> {
    const attempts = await this.given.log.read();
    for (const attempt of attempts) await this.#requireOurs(attempt);
    const asked = await this.given.log.open();
    if (asked !== undefined) return await this.#settle(asked);
    const nonce = attempts.at(-1)?.nonce;
    this.#versions = attempts.filter((attempt) => attempt.nonce === nonce);
    if (nonce === undefined) return undefined;
    this.#tell(`Going on with the transaction of nonce ${nonce} that was signed before.`);
    const receipt = await this.#endpoint.receiptOfAny(hashesOf(this.#versions));
    if (receipt?.succeeded) return receipt;
    if (receipt && (this.given.isBound || this.#ranOut(receipt))) return receipt;
    if (receipt) {
      this.#tell(`${receipt.hash} was mined and failed; signing anew.`);
      this.#versions = [];
      return undefined;
    }
    if (await this.#isNonceUsed(nonce)) {
      const late = (await this.#lateReceipt()) ?? (await this.#receiptByNonce(nonce));
      if (late) return late;
      this.#tell(`Nonce ${nonce} was used by another transaction; signing anew.`);
      this.#versions = [];
    }
    return undefined;
  }

  /**
   * Finds out what came of something that a wallet was asked to send. Its hash is not known; its nonce is, and whatever
   * else is sent takes the same one until that is settled, so that no more than one of them can be mined.
   */
  async #settle(asked: Asked): Promise<Receipt | undefined> {
    const { nonce } = asked;
    const { signer, log, ask } = this.given;
    // Only ever the next nonce is asked for: one far ahead would never be mined, and everything would wait for it.
    if (nonce > (await this.#endpoint.nonce(signer.address, "pending")))
      throw new Fault(
        `${log.path} says that a wallet was asked for nonce ${nonce}, which is not ${signer.address}'s turn yet: ` +
          "restore the file from version control. Nothing was sent.",
      );
    this.#data.add(asked.dataHash);
    this.#tell(`A wallet was asked to send this with nonce ${nonce}, and what came of it was never heard.`);
    await this.#waitFor(nonce);
    if (await this.#isNonceUsed(nonce)) {
      const receipt = await this.#receiptByNonce(nonce);
      if (receipt) return receipt;
      this.#tell(`Nonce ${nonce} was used by another transaction; signing anew.`);
      await log.note({ kind: "settled", nonce, why: "nonce used by another", at: new Date().toISOString() });
      return undefined;
    }
    this.#nonce = nonce;
    if (signer.kind !== "wallet") return undefined;
    const question =
      `The chain does not know what the wallet was asked to send at ${asked.at} as ${signer.address}, nonce ${nonce}. ` +
      "Look into the wallet whether it waits there, and decline or finish it. Ask it again, with the same nonce?";
    if ((await ask?.(question)) === true) return undefined;
    throw new Fault(
      `The wallet was asked at ${asked.at} to send this as ${signer.address} with nonce ${nonce}, and the chain does not ` +
        "know it: look into the wallet, then run the command again and confirm that it is to be asked once more. " +
        "Nothing was sent now.",
    );
  }

  /** For as long as the node says that something with this nonce waits to be mined. */
  async #waitFor(nonce: number): Promise<void> {
    const { address } = this.given.signer;
    const giveUpAt = Date.now() + this.#patience.giveUp;
    while ((await this.#endpoint.nonce(address, "pending")) > nonce && !(await this.#isNonceUsed(nonce))) {
      if (Date.now() >= giveUpAt) throw this.#undecided(nonce);
      await sleep(this.#patience.poll);
    }
  }

  /**
   * The receipt of whatever used a nonce, if that does what is to be done here: a wallet may have sent it with other fees.
   * It is written down then.
   *
   * @returns Nothing if it was another transaction.
   * @throws {@link Fault} if the endpoint does not tell.
   */
  async #receiptByNonce(nonce: number): Promise<Receipt | undefined> {
    const { signer, log } = this.given;
    const sent = await this.#endpoint.userOf(signer.address, nonce);
    if (sent === undefined) throw this.#unknown(nonce);
    if (!this.#isOurs(sent)) return undefined;
    if (!this.#versions.some(({ hash }) => hash === sent.hash)) {
      const { hash, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = sent;
      const fees = {
        maxFeePerGas: String(maxFeePerGas),
        maxPriorityFeePerGas: String(maxPriorityFeePerGas),
      };
      const found: Attempt = {
        ...{ nonce, hash, raw: null, gasLimit: String(gasLimit), ...fees },
        at: new Date().toISOString(),
      };
      await log.add(found);
      this.#versions.push(found);
    }
    const receipt = await this.#lateReceipt();
    if (receipt) return receipt;
    throw this.#unknown(nonce);
  }

  #isOurs({ to, value, data }: Sent): boolean {
    const { call } = this.given;
    return to === call.to && value === call.value && this.#data.has(keccak256(data));
  }

  /** What the log holds is sent as it is: only if it is by the signer, and for nothing else than this. */
  async #requireOurs(attempt: Attempt): Promise<void> {
    const { signer, chainId, call, seal } = this.given;
    if (attempt.raw === null) return await this.#requireSentByUs(attempt);
    try {
      const signed = Transaction.from(attempt.raw);
      const { nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = signed;
      const found = {
        hash: signed.hash,
        from: signed.from,
        nonce,
        chainId: signed.chainId,
        to,
        value,
        gasLimit,
      };
      const expected: typeof found = {
        ...{ hash: attempt.hash, from: signer.address, nonce: attempt.nonce, chainId: BigInt(chainId) },
        ...{ to: call.to, value: call.value, gasLimit: BigInt(attempt.gasLimit) },
      };
      for (const [field, value] of Object.entries(expected)) {
        if (found[field as keyof typeof found] !== value) throw new Fault(`its ${field} is another.`);
      }
      const fees = { maxFeePerGas: maxFeePerGas ?? -1n, maxPriorityFeePerGas: maxPriorityFeePerGas ?? -1n };
      for (const [name, fee] of Object.entries(fees))
        if (String(fee) !== attempt[name as keyof typeof fees]) throw new Fault(`its ${name} is another.`);
      await reaching(() => seal({ chainId, nonce, to: call.to, value, data, gasLimit, ...fees }));
      this.#data.add(keccak256(data));
    } catch (cause) {
      if (cause instanceof EndpointFault) throw cause;
      throw this.#foreign((cause as Error).message, cause);
    }
  }

  async #requireSentByUs({ hash, nonce }: Attempt): Promise<void> {
    const sent = await this.#endpoint.transaction(hash);
    if (sent === undefined) return;
    const { signer, call } = this.given;
    if (sent.from === signer.address && sent.nonce === nonce && sent.to === call.to) return;
    throw this.#foreign(`${hash} is another transaction.`);
  }

  #foreign(why: string, cause?: unknown): Fault {
    return new Fault(
      `${this.given.log.path} holds what was not signed for this; restore it from version control or a backup. Nothing was ` +
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
    if (costOf(transaction) > maxCost()) throw tooDear(transaction);
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
    const { signer, seal, log } = this.given;
    if (signer.signTransaction === undefined) {
      throw new Fault(`What ${signer.address} signed beforehand can no longer be mined; sign anew.`);
    }
    const sealed = await seal(transaction);
    this.#tell(`Waiting for ${signer.kind} ${signer.address} to sign.`);
    const { nonce, to, value, data } = transaction;
    const now = () => new Date().toISOString();
    const submission = await signer
      .signTransaction(sealed, {
        beforeSending: () =>
          log.note({ kind: "asked", nonce, to, value: String(value), dataHash: keccak256(data), at: now() }),
      })
      .catch(async (problem: unknown) => {
        // An earlier question may still be open.
        const isOpen =
          problem instanceof Declined && this.#nonce === undefined && (await log.open()) !== undefined;
        if (isOpen) await log.note({ kind: "settled", nonce, why: "declined", at: now() });
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
    this.#versions.push(attempt);
  }

  /** Sends the latest version, as often as it takes: the same bytes can only be mined once. */
  async #send(): Promise<void> {
    const { raw } = this.#versions.at(-1)!;
    if (raw === null) return;
    try {
      await this.#endpoint.tolerantly(() => this.#endpoint.sendRaw(raw));
    } catch (refusal) {
      // A node that has mined it already may say of the same bytes that there is not enough left to pay for them.
      if (!(await this.#endpoint.tolerantly(() => this.#isNonceUsed(this.#versions[0]!.nonce))))
        throw refusal;
    }
  }

  async #receipt(): Promise<Receipt | undefined> {
    const hashes = hashesOf(this.#versions);
    const receipt = await this.#endpoint.receiptOfAny(hashes);
    const { nonce } = this.#versions[0]!;
    if (receipt || !(await this.#isNonceUsed(nonce))) return receipt;
    const late = (await this.#lateReceipt()) ?? (await this.#receiptByNonce(nonce));
    if (late) return late;
    throw new Fault(
      `Nonce ${nonce} of ${this.given.signer.address} was used by another transaction, so this one ` +
        `was not and will not be mined. Run the command again to send it with the next nonce.`,
    );
  }

  /** It may have been mined between two questions, and a node may count a transaction before it tells its receipt. */
  async #lateReceipt(): Promise<Receipt | undefined> {
    for (let tries = 0; tries < LATE_TRIES; tries++) {
      const receipt = await this.#endpoint.receiptOfAny(hashesOf(this.#versions));
      if (receipt) return receipt;
      await sleep(this.#patience.poll);
    }
    return undefined;
  }

  async #isNonceUsed(nonce: number): Promise<boolean> {
    return (await this.#endpoint.nonce(this.given.signer.address, "latest")) > nonce;
  }

  /** Signs the same transaction with a higher fee. A wallet that sends by itself chooses its fees by itself. */
  async #replace(): Promise<boolean> {
    const last = this.#versions.at(-1)!;
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
    if (costOf(next) > maxCost()) {
      this.#tell(`Not mined yet, and not replaced: ${tooDear(next).message}`);
      return true;
    }
    this.#tell(`Not mined yet; replacing it with a higher fee.`);
    await this.#sign(next);
    await this.#send();
    return true;
  }

  async #requireSuccess(receipt: Receipt): Promise<Receipt> {
    if (receipt.succeeded) return receipt;
    const { nonce, gasLimit: given } = this.#versions.find(({ hash }) => hash === receipt.hash)!;
    const gasLimit = BigInt(given);
    if (this.given.isBound) {
      const why = this.#ranOut(receipt) ? `ran out of its ${gasLimit} gas` : "was mined and failed";
      throw new Fault(
        `${receipt.hash} ${why} and changed nothing. What was signed beforehand was for nonce ${nonce} alone, which is ` +
          "spent now: take a later rung (npx hardhat ops ready tells which), or plan and sign anew.",
      );
    }
    if (!this.#ranOut(receipt)) {
      const reason = await this.#endpoint.reasonOf(this.given.signer.address, this.given.call, receipt.block);
      throw new Fault(`${receipt.hash} was mined and failed: ${reason}. It changed nothing; plan again.`);
    }
    this.#tell(
      `${receipt.hash} ran out of its ${gasLimit} gas and changed nothing; sending it again with twice as much.`,
    );
    this.#nonce = undefined;
    const next = await this.#firstVersion();
    const limit = await this.#gasLimit(gasLimit * 2n);
    if (limit <= gasLimit) {
      throw new Fault(`${receipt.hash} ran out of gas, and a block of this chain has no more than ${limit}.`);
    }
    const dearer = { ...next, gasLimit: limit };
    if (costOf(dearer) > maxCost()) throw tooDear(dearer);
    this.#versions = [];
    await this.#sign(dearer);
    return await this.run();
  }

  #ranOut({ hash, gasUsed }: Receipt): boolean {
    const gasLimit = BigInt(this.#versions.find((version) => version.hash === hash)!.gasLimit);
    return gasUsed * 100n >= gasLimit * OUT_OF_GAS_PERCENT;
  }

  #unknown(nonce: number): Fault {
    return new Fault(
      `Nonce ${nonce} of ${this.given.signer.address} is used, and the endpoint does not tell by what: nothing more was ` +
        "signed or sent. Run the command again, in a minute or with an endpoint that keeps the chain's history.",
    );
  }

  #undecided(nonce = this.#versions[0]!.nonce): Fault {
    const last = this.#versions.at(-1);
    return new Fault(
      `Nonce ${nonce} of ${this.given.signer.address} was not seen mined in ${this.#patience.giveUp / 1000} s` +
        `${last ? ` (last version: ${last.hash})` : ""}. Run the command again: it goes on with the same transaction and sends nothing twice.`,
      {
        details: this.#endpoint.lastProblem
          ? [`The endpoint's last problem: ${this.#endpoint.lastProblem}`]
          : [],
      },
    );
  }
}

const hashesOf = (versions: readonly Attempt[]) => versions.map(({ hash }) => hash);
const max = (a: bigint, b: bigint) => (a > b ? a : b);

/** What a transaction costs at most, in wei. */
const costOf = ({ gasLimit, maxFeePerGas, value }: UnsignedTransaction) => gasLimit * maxFeePerGas + value;

/** @throws {@link Fault} if the variable is no amount. */
function maxCost(): bigint {
  const set = process.env[COST_VARIABLE] ?? MAX_COST;
  if (/^\d{1,9}(\.\d{1,18})?$/.test(set)) return parseEther(set);
  throw new Fault(`${COST_VARIABLE} is an amount of the chain's coin, such as 0.5; it was ${set}.`);
}

const tooDear = (transaction: UnsignedTransaction) =>
  new Fault(
    `By what the endpoint says of fees, this transaction would cost up to ${formatEther(costOf(transaction))} of the ` +
      `chain's coin, more than ${formatEther(maxCost())}: it was not signed. If another endpoint says the same, set ` +
      `${COST_VARIABLE} to what it may cost.`,
  );
