import { setTimeout as sleep } from "node:timers/promises";

import { formatEther, keccak256, parseEther } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import { Fault } from "../../../deploy/fault.js";
import type { Sealed } from "../signers/sealed.js";
import type { Signer, UnsignedTransaction } from "../signers/signer.js";
import type { Attempt, AttemptLog } from "./attempts.js";
import { Endpoint, type Call, type Receipt } from "./endpoint.js";

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
  readonly seal: (transaction: UnsignedTransaction) => Sealed<UnsignedTransaction>;
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

  constructor(private readonly given: Submitting) {
    this.#endpoint = new Endpoint(given.provider);
    this.#patience = { ...PATIENCE, ...given.patience };
    this.#tell = given.tell ?? (() => {});
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
    const nonce = attempts.at(-1)?.nonce;
    this.#versions = attempts.filter((attempt) => attempt.nonce === nonce);
    if (nonce === undefined) return undefined;
    this.#tell(`Going on with the transaction of nonce ${nonce} that was signed before.`);
    const receipt = await this.#endpoint.receiptOfAny(hashesOf(this.#versions));
    if (receipt?.succeeded) return receipt;
    if (receipt) {
      this.#tell(`${receipt.hash} was mined and failed; signing anew.`);
      this.#versions = [];
      return undefined;
    }
    if (await this.#isNonceUsed()) {
      const late = await this.#lateReceipt();
      if (late) return late;
      this.#tell(`Nonce ${nonce} was used by another transaction; signing anew.`);
      this.#versions = [];
    }
    return undefined;
  }

  async #firstVersion(): Promise<UnsignedTransaction> {
    const { signer, call, chainId } = this.given;
    const gasLimit = await this.#gasLimit();
    const fees = await this.#endpoint.fees();
    const nonce = await this.#endpoint.nonce(signer.address, "pending");
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
    const { signer, seal } = this.given;
    if (signer.signTransaction === undefined) {
      throw new Fault(`What ${signer.address} signed beforehand can no longer be mined; sign anew.`);
    }
    const sealed = seal(transaction);
    this.#tell(`Waiting for ${signer.kind} ${signer.address} to sign.`);
    const submission = await signer.signTransaction(sealed);
    const attempt: Attempt = {
      nonce: transaction.nonce,
      hash: "raw" in submission ? keccak256(submission.raw) : submission.sent,
      raw: "raw" in submission ? submission.raw : null,
      gasLimit: String(transaction.gasLimit),
      maxFeePerGas: String(transaction.maxFeePerGas),
      maxPriorityFeePerGas: String(transaction.maxPriorityFeePerGas),
      at: new Date().toISOString(),
    };
    await this.given.log.add(attempt);
    this.#versions.push(attempt);
  }

  /** Sends the latest version, as often as it takes: the same bytes can only be mined once. */
  async #send(): Promise<void> {
    const { raw } = this.#versions.at(-1)!;
    if (raw === null) return;
    await this.#endpoint.tolerantly(() => this.#endpoint.sendRaw(raw));
  }

  async #receipt(): Promise<Receipt | undefined> {
    const hashes = hashesOf(this.#versions);
    const receipt = await this.#endpoint.receiptOfAny(hashes);
    if (receipt || !(await this.#isNonceUsed())) return receipt;
    const late = await this.#lateReceipt();
    if (late) return late;
    throw new Fault(
      `Nonce ${this.#versions[0]!.nonce} of ${this.given.signer.address} was used by another transaction, so this one ` +
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

  async #isNonceUsed(): Promise<boolean> {
    return (await this.#endpoint.nonce(this.given.signer.address, "latest")) > this.#versions[0]!.nonce;
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
    const gasLimit = BigInt(this.#versions.find(({ hash }) => hash === receipt.hash)!.gasLimit);
    if (receipt.gasUsed * 100n < gasLimit * OUT_OF_GAS_PERCENT) {
      const reason = await this.#endpoint.reasonOf(this.given.signer.address, this.given.call, receipt.block);
      throw new Fault(`${receipt.hash} was mined and failed: ${reason}. It changed nothing; plan again.`);
    }
    this.#tell(
      `${receipt.hash} ran out of its ${gasLimit} gas and changed nothing; sending it again with twice as much.`,
    );
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

  #undecided(): Fault {
    const { nonce, hash } = this.#versions.at(-1)!;
    return new Fault(
      `Nonce ${nonce} of ${this.given.signer.address} was not seen mined in ${this.#patience.giveUp / 1000} s ` +
        `(last version: ${hash}). Run the command again: it goes on with the same transaction and sends nothing twice.`,
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
