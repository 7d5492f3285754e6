import { id, zeroPadValue, type Log, type Provider, type TransactionReceipt } from "ethers";

import { pages } from "../../../deploy/logs.js";
import { NATIVE_COIN } from "../../../deploy/parameters.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { Escrow__factory, type Escrow } from "../../../types/ethers-contracts/index.js";
import { isSameAddress } from "../same-address.js";
import { domainOf, paymentIdOf, type Payment } from "../signing.js";
import { termsOf } from "./history.js";
import { formatAmount } from "./money.js";
import { isUndeployed } from "./openings.js";
import type { Claim, ProofCheck } from "./proof.js";
import { readAftermath, type Aftermath } from "./standing.js";
import { describeTokens, type Tokens } from "./tokens.js";

const abi = Escrow__factory.createInterface();
const CREATED = abi.getEvent("PaymentCreated").topicHash;
const CONFIGURED = abi.getEvent("TokenConfigured").topicHash;
const TRANSFER = id("Transfer(address,address,uint256)");

/** What one endpoint is asked about a claim. */
export interface Examining {
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  readonly confirmations: number;
  readonly fromBlock: number;
  /** The block as of which all endpoints are asked, so that they can be compared. */
  readonly head: number;
  /** The last block that this one has, as of which it also tells where the money is. */
  readonly latest?: number;
  /** What time it is, in Unix seconds, unless the chain's time is its own. */
  readonly now?: number;
}

export const said = (name: string, passed: boolean | null, sentence: string): ProofCheck => ({
  ...{ name, passed, sentence },
});

/** What one endpoint says of a claim. */
export class Examination {
  readonly #provider: Provider;
  readonly #escrow: Escrow;
  readonly #address: string;
  #aftermath?: Aftermath;

  constructor(
    private readonly claim: Claim,
    private readonly asked: Examining,
  ) {
    this.#provider = asked.provider;
    this.#address = asked.record.contracts.escrow.address.toLowerCase();
    this.#escrow = Escrow__factory.connect(this.#address, asked.provider);
  }

  /** How the payment stands, once all checks came as far as that. */
  get aftermath(): Aftermath | undefined {
    return this.#aftermath;
  }

  /** The checks, in an order in which the first that fails makes those after it moot. */
  async *checks(): AsyncGenerator<ProofCheck> {
    const chain = await this.#chain();
    yield chain;
    if (chain.passed !== true) return;
    const receipt = await this.#receipt();
    if (receipt === null) {
      yield await this.#missing();
      return;
    }
    yield said("mined", true, `It is in block ${receipt.blockNumber}.`);
    const succeeded = receipt.status === 1;
    yield said("success", succeeded, succeeded ? "It succeeded." : "It failed, so it moved nothing.");
    yield await this.#canonical(receipt);
    const confirmations = this.#confirmations(receipt);
    yield confirmations;
    // As of the block in which all are asked, there is no such payment yet.
    if (!succeeded || this.asked.head < receipt.blockNumber) return;
    yield* this.#deposit(receipt);
  }

  async *#deposit(receipt: TransactionReceipt): AsyncGenerator<ProofCheck> {
    const created = receipt.logs.filter((log) => this.#isOurs(log) && log.topics[0] === CREATED);
    const log = created.find(({ topics }) => topics[1] === this.claim.paymentId);
    yield this.#escrowCheck(receipt, created, log);
    if (log === undefined) return;
    const terms = termsOf(abi.parseLog(log)!.args);
    const tokens = await describeTokens(this.#provider, this.asked.record, [terms.token]);
    yield await this.#terms(terms);
    yield await this.#token(terms, receipt, tokens);
    yield this.#amount(terms, created, receipt, tokens);
    yield* this.#parties(terms);
    yield await this.#once(receipt);
    yield await this.#state(terms, tokens);
  }

  async #chain(): Promise<ProofCheck> {
    const { chainId } = this.asked.record;
    const { chainId: found } = await this.#provider.getNetwork();
    if (Number(found) !== chainId)
      return said("chain", false, `The endpoint is of chain ${found}, and the escrow on chain ${chainId}.`);
    return said("chain", true, `Chain ${chainId}.`);
  }

  async #receipt(): Promise<TransactionReceipt | null> {
    const receipt = await this.#provider.getTransactionReceipt(this.claim.transaction);
    if (receipt === null || receipt.hash === this.claim.transaction) return receipt;
    throw new Error("it answers with the receipt of another transaction");
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

  #confirmations({ blockNumber }: TransactionReceipt): ProofCheck {
    const { confirmations: needed, head } = this.asked;
    const found = Math.max(head - blockNumber + 1, 0);
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
    const domain = await domainOf(this.#escrow);
    const hash = paymentIdOf(domain, terms);
    return hash === this.claim.paymentId
      ? said("terms", true, "Its terms hash to the id, on this chain and in this escrow.")
      : said("terms", false, `Its terms hash to ${hash}, not to the id.`);
  }

  async #token({ token }: Payment, { logs }: TransactionReceipt, { tokens }: Tokens): Promise<ProofCheck> {
    const isKnown = this.asked.record.tokens.some(({ address }) => isSameAddress(address, token));
    const symbol = tokens.find(({ address }) => isSameAddress(address, token))?.symbol ?? token;
    const name = isKnown ? `${symbol}, ${token}` : `${symbol}, which the deployment record does not know`;
    const { token: claimed } = this.claim;
    if (claimed !== undefined && !isSameAddress(claimed, token))
      return said("token", false, `It is in ${name}, and not in ${claimed}.`);
    const foreign = logs.filter(
      (log) => log.topics[0] === TRANSFER && this.#isToEscrow(log) && !isSameAddress(log.address, token),
    );
    const aside =
      foreign.length === 0 ? "" : ` (It also sent the escrow something of ${foreign[0]!.address}.)`;
    if (isKnown) return said("token", true, `It is in ${name}.${aside}`);
    const topics = [CONFIGURED, zeroPadValue(token, 32)];
    return (await this.#logs(topics, this.asked.record.startBlock)).length > 0
      ? said("token", true, `It is in ${name}. The escrow was configured for it.${aside}`)
      : said("token", false, `It is in ${name}, and the escrow was never configured for it.${aside}`);
  }

  /** What arrived has to cover every payment in the token that the transaction made: none is paid by another's money. */
  #amount(terms: Payment, created: readonly Log[], receipt: TransactionReceipt, tokens: Tokens): ProofCheck {
    const shown = (amount: bigint) => formatAmount(tokens, terms.token, amount);
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

  *#parties({ buyer, seller, paymentReference }: Payment): Generator<ProofCheck> {
    for (const [name, found, claimed, unsaid] of [
      ["buyer", buyer, this.claim.buyer, "nobody said who it should be"],
      ["seller", seller, this.claim.seller, "nobody said who it should be"],
      ["reference", paymentReference, this.claim.reference, "nobody said which order's it should be"],
    ] as const) {
      if (claimed === undefined) yield said(name, true, `${found}; ${unsaid}.`);
      else if (claimed.toLowerCase() === found.toLowerCase()) yield said(name, true, `${found}, as claimed.`);
      else yield said(name, false, `It is ${found}, and not ${claimed}.`);
    }
  }

  /** One deposit a payment, ever. What is before the first block whose logs count, the state then tells. */
  async #once({ blockNumber }: TransactionReceipt): Promise<ProofCheck> {
    const first = Math.min(this.asked.fromBlock, blockNumber);
    const found = await this.#logs([CREATED, this.claim.paymentId], first);
    const others = found.filter(({ transactionHash }) => transactionHash !== this.claim.transaction);
    if (others.length > 0) {
      const hashes = others.map(({ transactionHash }) => transactionHash).join(", ");
      return said("once", false, `The payment was deposited by ${hashes}, too.`);
    }
    if (found.length !== 1)
      return said("once", found.length === 0 ? null : false, `It was deposited ${found.length} times.`);
    return await this.#notBefore(first);
  }

  async #notBefore(first: number): Promise<ProofCheck> {
    const { startBlock } = this.asked.record;
    const wasThere = first > startBlock && (await this.#wasThere(first - 1));
    if (wasThere === false) return said("once", true, "It is the payment's only deposit.");
    if (wasThere) return said("once", false, `The payment was deposited before block ${first} already.`);
    const why = `The endpoint does not tell what was before block ${first}, from which on it was looked: take an earlier --from-block.`;
    return said("once", null, why);
  }

  /** Whether there was such a payment at a block; nothing if the endpoint has no states so old. */
  async #wasThere(block: number): Promise<boolean | undefined> {
    try {
      const { status } = await this.#escrow.paymentState(this.claim.paymentId, { blockTag: block });
      return status !== 0n;
    } catch {
      return (await isUndeployed(this.#provider, this.#address, block)) ? false : undefined;
    }
  }

  /** That there is such a payment. Where its money is decides not whether this is its deposit, but whether to deliver for it. */
  async #state(terms: Payment, tokens: Tokens): Promise<ProofCheck> {
    const found = await this.#aftermathAt(this.asked.head, terms, tokens);
    if (found === undefined) return said("state", false, "The escrow knows nothing of the payment now.");
    const { words, aftermath } = found;
    if (aftermath === undefined) return said("state", null, `What the escrow says of it cannot be: ${words}`);
    const { head, latest = head } = this.asked;
    this.#aftermath = latest > head ? (await this.#aftermathAt(latest, terms, tokens))?.aftermath : aftermath;
    return this.#aftermath === undefined
      ? said("state", null, `What the escrow says of it in block ${latest} cannot be.`)
      : said("state", true, words);
  }

  async #aftermathAt(block: number, terms: Payment, tokens: Tokens) {
    const at = await this.#provider.getBlock(block);
    if (at === null) throw new Error(`it does not tell block ${block}`);
    const { now } = this.asked;
    const { paymentId } = this.claim;
    return await readAftermath(this.#escrow, {
      ...{ paymentId, terms, tokens, at },
      ...(now !== undefined && { now }),
    });
  }

  /** Logs of the escrow. */
  async #logs(topics: string[], first: number): Promise<Log[]> {
    const found: Log[] = [];
    for (const [fromBlock, toBlock] of pages(first, this.asked.head))
      found.push(...(await this.#provider.getLogs({ address: this.#address, topics, fromBlock, toBlock })));
    return found;
  }

  #isOurs({ address }: Log): boolean {
    return isSameAddress(address, this.#address);
  }

  #isToEscrow({ topics }: Log): boolean {
    return topics.length === 3 && topics[2]!.toLowerCase() === zeroPadValue(this.#address, 32);
  }
}
