import { id, isError, zeroPadValue, type Log, type Provider, type TransactionReceipt } from "ethers";

import { pages } from "../../../deploy/logs.js";
import { NATIVE_COIN } from "../../../deploy/parameters.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { Escrow__factory } from "../../../types/ethers-contracts/index.js";
import { withoutUrls } from "../plain.js";
import { isSameAddress } from "../same-address.js";
import { domainOf, paymentIdOf, type Payment } from "../signing.js";
import { termsOf } from "./history.js";
import { formatAmount } from "./money.js";

const abi = Escrow__factory.createInterface();
const CREATED = abi.getEvent("PaymentCreated").topicHash;
const TRANSFER = id("Transfer(address,address,uint256)");
const STATUSES = ["None", "Funded", "Disputed", "Closed"];

/** What somebody says: that this transaction is the deposit of that payment, and what else they say of it. */
export interface Claim {
  readonly transaction: string;
  readonly paymentId: string;
  /** In the token's smallest unit. */
  readonly amount?: bigint;
  readonly token?: string;
  readonly buyer?: string;
  readonly seller?: string;
}

/** An endpoint under the name by which it may be shown. */
export interface Witness {
  readonly label: string;
  readonly provider: Provider;
}

export interface Proving {
  readonly record: DeploymentRecord;
  /** At least one; all of them have to say the same. */
  readonly witnesses: readonly Witness[];
  /** Blocks that must stand on it, its own included. */
  readonly confirmations: number;
  /** First block in which the payment could have been deposited before. */
  readonly fromBlock: number;
}

export interface ProofCheck {
  readonly name: string;
  /** Null if it could not be told. */
  readonly passed: boolean | null;
  readonly sentence: string;
}

export interface Proof extends Claim {
  readonly checks: readonly ProofCheck[];
  /** `proved` only if every check passed; `refuted` if one did not. */
  readonly verdict: "proved" | "refuted" | "unknown";
}

/** Whether a claim is true, check by check. Believes nothing that the chain does not say. */
export async function verifyProof(claim: Claim, proving: Proving): Promise<Proof> {
  const checks: ProofCheck[] = [];
  try {
    for await (const check of new Examination(claim, proving).checks()) checks.push(check);
  } catch (problem) {
    checks.push({ name: "chain", passed: null, sentence: `The chain does not tell: ${wordsOf(problem)}.` });
  }
  const passed = checks.map((check) => check.passed);
  const verdict = passed.includes(false) ? "refuted" : passed.includes(null) ? "unknown" : "proved";
  return { ...claim, checks, verdict };
}

const said = (name: string, passed: boolean | null, sentence: string): ProofCheck => ({
  ...{ name, passed, sentence },
});

class Examination {
  readonly #provider: Provider;
  readonly #escrow: string;

  constructor(
    private readonly claim: Claim,
    private readonly proving: Proving,
  ) {
    this.#provider = proving.witnesses[0]!.provider;
    this.#escrow = proving.record.contracts.escrow.address.toLowerCase();
  }

  /** The checks, in an order in which the first that fails makes those after it moot. */
  async *checks(): AsyncGenerator<ProofCheck> {
    const chain = await this.#chain();
    yield chain;
    if (chain.passed !== true) return;
    const receipt = await this.#provider.getTransactionReceipt(this.claim.transaction);
    if (receipt === null) {
      yield await this.#missing();
      return;
    }
    yield said("mined", true, `It is in block ${receipt.blockNumber}.`);
    const succeeded = receipt.status === 1;
    yield said("success", succeeded, succeeded ? "It succeeded." : "It failed, so it moved nothing.");
    yield await this.#canonical(receipt);
    yield* this.#witnesses(receipt);
    yield await this.#confirmations(receipt);
    if (!succeeded) return;

    const created = receipt.logs.filter((log) => this.#isOurs(log) && log.topics[0] === CREATED);
    const log = created.find(({ topics }) => topics[1] === this.claim.paymentId);
    yield this.#escrowCheck(receipt, created, log);
    if (log === undefined) return;
    const terms = termsOf(abi.parseLog(log)!.args);
    yield await this.#terms(terms);
    yield this.#token(terms, receipt);
    yield this.#amount(terms, created, receipt);
    yield* this.#parties(terms);
    yield await this.#once(receipt);
    yield await this.#state();
  }

  async #chain(): Promise<ProofCheck> {
    const { chainId } = this.proving.record;
    const { chainId: found } = await this.#provider.getNetwork();
    if (Number(found) !== chainId)
      return said("chain", false, `The endpoint is of chain ${found}, and the escrow on chain ${chainId}.`);
    return said("chain", true, `Chain ${chainId}.`);
  }

  /** A transaction that the chain has not mined. */
  async #missing(): Promise<ProofCheck> {
    const pending = await this.#provider.getTransaction(this.claim.transaction);
    return pending === null
      ? said("mined", false, "The chain has no such transaction; it may be on another chain, or invented.")
      : said("mined", false, "It waits to be mined, and proves nothing yet.");
  }

  async #canonical({ blockNumber, blockHash }: TransactionReceipt): Promise<ProofCheck> {
    const block = await this.#provider.getBlock(blockNumber);
    return block?.hash === blockHash
      ? said("canonical", true, `Block ${blockNumber} is still ${blockHash}.`)
      : said(
          "canonical",
          false,
          `Block ${blockNumber} is no longer ${blockHash}: the chain was reorganised.`,
        );
  }

  /** Every other endpoint has to have the same transaction in the same block. */
  async *#witnesses({ blockHash, status }: TransactionReceipt): AsyncGenerator<ProofCheck> {
    const [first, ...others] = this.proving.witnesses;
    if (others.length === 0)
      yield said("endpoints", true, `Only ${first!.label} was asked; name another with --rpc.`);
    for (const { label, provider } of others) {
      try {
        const other = await provider.getTransactionReceipt(this.claim.transaction);
        const agrees = other?.blockHash === blockHash && other.status === status;
        const sentence = agrees
          ? `${label} says the same.`
          : other === null
            ? `${label} has no such transaction.`
            : `${label} says something else: block ${other.blockHash}, ${other.status === 1 ? "succeeded" : "failed"}.`;
        yield said("endpoints", agrees, sentence);
      } catch (problem) {
        yield said("endpoints", null, `${label} does not tell: ${wordsOf(problem)}.`);
      }
    }
  }

  async #confirmations({ blockNumber }: TransactionReceipt): Promise<ProofCheck> {
    const { confirmations: needed } = this.proving;
    const found = (await this.#provider.getBlockNumber()) - blockNumber + 1;
    return said(
      "confirmations",
      found >= needed,
      found >= needed ? `${found} of ${needed}.` : `Only ${found} of ${needed}; look again later.`,
    );
  }

  #escrowCheck(receipt: TransactionReceipt, created: readonly Log[], log: Log | undefined): ProofCheck {
    if (log !== undefined) return said("escrow", true, "The escrow itself says that the payment was made.");
    const imitations = receipt.logs.filter(
      (candidate) =>
        !this.#isOurs(candidate) &&
        candidate.topics[0] === CREATED &&
        candidate.topics[1] === this.claim.paymentId,
    );
    if (imitations.length > 0) {
      const who = imitations.map(({ address }) => address).join(", ");
      return said(
        "escrow",
        false,
        `The event is not the escrow's: ${who} imitates it, or is another escrow.`,
      );
    }
    if (created.length > 0) {
      const others = created.map(({ topics }) => topics[1]!).join(", ");
      return said("escrow", false, `It is the deposit of another payment: ${others}.`);
    }
    return said("escrow", false, "The escrow made no payment in it.");
  }

  /** The id is a hash of the terms, the chain and the escrow: whoever changed one would have another id. */
  async #terms(terms: Payment): Promise<ProofCheck> {
    const domain = await domainOf(Escrow__factory.connect(this.#escrow, this.#provider));
    const hash = paymentIdOf(domain, terms);
    return hash === this.claim.paymentId
      ? said("terms", true, "Its terms hash to the id, on this chain and in this escrow.")
      : said("terms", false, `Its terms hash to ${hash}, not to the id.`);
  }

  #token({ token }: Payment, { logs }: TransactionReceipt): ProofCheck {
    const known = this.proving.record.tokens.find(({ address }) => isSameAddress(address, token));
    const name = known ? `${known.symbol}, ${token}` : `${token}, which the deployment record does not know`;
    const { token: claimed } = this.claim;
    if (claimed !== undefined && !isSameAddress(claimed, token))
      return said("token", false, `It is in ${name}, and not in ${claimed}.`);
    const foreign = logs.filter(
      (log) => log.topics[0] === TRANSFER && this.#isToEscrow(log) && !isSameAddress(log.address, token),
    );
    const aside =
      foreign.length === 0 ? "" : ` (It also sent the escrow something of ${foreign[0]!.address}.)`;
    return said("token", known !== undefined, `It is in ${name}.${aside}`);
  }

  /** What arrived has to cover every payment in the token that the transaction made: none is paid by another's money. */
  #amount(terms: Payment, created: readonly Log[], receipt: TransactionReceipt): ProofCheck {
    const { record } = this.proving;
    const shown = (amount: bigint) => formatAmount(record, terms.token, amount);
    const { amount: claimed } = this.claim;
    if (claimed !== undefined && claimed !== terms.amount)
      return said("amount", false, `It paid ${shown(terms.amount)}, and not ${shown(claimed)}.`);
    // Native coin leaves no log; the escrow takes exactly what comes with the call, or reverts.
    if (isSameAddress(terms.token, NATIVE_COIN))
      return said("amount", true, `${shown(terms.amount)} came with the call.`);
    const due = created
      .map((log) => termsOf(abi.parseLog(log)!.args))
      .filter(({ token }) => isSameAddress(token, terms.token))
      .reduce((sum, { amount }) => sum + amount, 0n);
    const arrived = receipt.logs
      .filter(
        (log) =>
          isSameAddress(log.address, terms.token) && log.topics[0] === TRANSFER && this.#isToEscrow(log),
      )
      .reduce((sum, { data }) => sum + BigInt(data === "0x" ? 0 : data), 0n);
    const others = created.length === 1 ? "" : ` for the ${created.length} payments that it made`;
    return arrived >= due
      ? said("amount", true, `${shown(terms.amount)}; ${shown(arrived)} arrived${others}.`)
      : said("amount", false, `Only ${shown(arrived)} of ${shown(due)} arrived${others}.`);
  }

  *#parties({ buyer, seller }: Payment): Generator<ProofCheck> {
    for (const [name, found, claimed] of [
      ["buyer", buyer, this.claim.buyer],
      ["seller", seller, this.claim.seller],
    ] as const) {
      if (claimed === undefined) yield said(name, true, `${found}; nobody said who it should be.`);
      else if (isSameAddress(claimed, found)) yield said(name, true, `${found}, as claimed.`);
      else yield said(name, false, `It is ${found}, and not ${claimed}.`);
    }
  }

  /** One deposit a payment, ever. */
  async #once({ hash }: TransactionReceipt): Promise<ProofCheck> {
    const head = await this.#provider.getBlockNumber();
    const topics = [CREATED, this.claim.paymentId];
    const found: Log[] = [];
    for (const [fromBlock, toBlock] of pages(this.proving.fromBlock, head))
      found.push(...(await this.#provider.getLogs({ address: this.#escrow, topics, fromBlock, toBlock })));
    const others = found.filter(({ transactionHash }) => transactionHash !== hash);
    if (found.length === 1 && others.length === 0)
      return said("once", true, "It is the payment's only deposit.");
    if (others.length === 0)
      return said("once", found.length === 0 ? null : false, `It was deposited ${found.length} times.`);
    const hashes = others.map(({ transactionHash }) => transactionHash).join(", ");
    return said("once", false, `The payment was deposited by ${hashes}, too.`);
  }

  async #state(): Promise<ProofCheck> {
    const escrow = Escrow__factory.connect(this.#escrow, this.#provider);
    const { status, held } = await escrow.paymentState(this.claim.paymentId);
    const name = STATUSES[Number(status)] ?? String(status);
    return status === 0n
      ? said("state", false, "The escrow knows nothing of the payment now.")
      : said("state", true, `The payment is ${name} now, and holds ${held} units.`);
  }

  #isOurs({ address }: Log): boolean {
    return isSameAddress(address, this.#escrow);
  }

  #isToEscrow({ topics }: Log): boolean {
    return topics.length === 3 && topics[2]!.toLowerCase() === zeroPadValue(this.#escrow, 32);
  }
}

/** In few words, without URLs. */
function wordsOf(problem: unknown): string {
  const words = isError(problem, "UNKNOWN_ERROR") ? problem.shortMessage : (problem as Error).message;
  return withoutUrls(words).split("\n")[0]!.slice(0, 200);
}
