import { keccak256, type Result } from "ethers";
import { decodeFunctionResult } from "viem";

import { NATIVE_COIN, type DeploymentRecord } from "../../../deploy/index.js";
import { EscrowLens__factory, TestDAI__factory } from "../../../types/ethers-contracts/index.js";
import { ADVICE, shown, type Finding, type Findings } from "./findings.js";
import { textOf, type PlainRow } from "./kinds.js";
import { abiOf, addressOf, LATEST_OF, QUESTIONS, type Question } from "./questions.js";
import type { Pinned, Rpc } from "./rpc.js";
import type { Table } from "./model.js";
import { keyOfPlain, type Scratch } from "./scratch.js";

/** Payments in one call: some 29 million gas, which the narrowest public endpoints still allow in a call. */
export const PAYMENTS_AT_ONCE = 3_000;
/** An endpoint that refuses even so few does not refuse because of their number. */
const FEWEST_AT_ONCE = 500;
const QUESTIONS_AT_ONCE = 50;

const STATUSES = ["None", "Funded", "Disputed", "Closed"];
const [FLAG_ON_HOLD, FLAG_OPENED_BY_SELLER] = [1, 2];
/** EIP-1967: where a proxy keeps the address of its code. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

const lens = EscrowLens__factory.createInterface();
const erc20 = TestDAI__factory.createInterface();

/** A payment's one slot. */
interface Slot {
  readonly status: number;
  readonly flags: number;
  readonly disputedAt: number;
  readonly held: bigint;
  readonly released: bigint;
}

/** Something that the chain's events and the chain's state say differently. */
export interface Contradiction {
  readonly table: string;
  readonly key: string;
  readonly paymentId?: string;
  readonly field: string;
  /** What the contracts answer. */
  readonly state: string;
  /** What follows from the events. */
  readonly events: string;
}

export interface ChainState {
  readonly rpc: Rpc;
  readonly record: DeploymentRecord;
  readonly pinned: Pinned;
}

/** A question about a row. */
interface Asked {
  readonly key: string;
  readonly question: Question;
}

/** What the contracts answer, compared with what follows from their events. What cannot be asked is a finding. */
export class StateCheck {
  #atOnce = PAYMENTS_AT_ONCE;
  /** What has no answer, as `table key`. */
  readonly #unanswered = new Set<string>();

  constructor(
    private readonly chain: ChainState,
    private readonly scratch: Scratch,
    private readonly findings: Findings,
  ) {}

  /** What findings call the endpoint. */
  get name(): string {
    return this.chain.rpc.name;
  }

  /** Whether this was asked, and has no answer. */
  isSilentAbout({ table, key }: Pick<Contradiction, "table" | "key">): boolean {
    return this.#unanswered.has(`${table} ${key}`);
  }

  /** One call for thousands of payments. */
  async *payments(wanted: (row: PlainRow) => boolean): AsyncGenerator<Contradiction> {
    const disputes = new Map<string, PlainRow>();
    for (const row of this.scratch.rows("dispute")) {
      if (row.status === "Open") disputes.set(row.paymentId as string, row);
    }
    let page: PlainRow[] = [];
    for (const row of this.scratch.rows("payment")) {
      if (wanted(row)) page.push(row);
      if (page.length < this.#atOnce) continue;
      yield* await this.#paymentPage(page, disputes);
      page = [];
    }
    if (page.length > 0) yield* await this.#paymentPage(page, disputes);
  }

  /** Every row of a table about which the chain can be asked by itself. */
  async *table(table: Table): AsyncGenerator<Contradiction> {
    const { name } = table;
    const { pinned } = this.chain;
    const questions: Asked[] = [];
    for (const row of this.#present(name)) {
      const key = keyOfPlain(table, row);
      for (const question of QUESTIONS[name]!(row, pinned.timestamp)) questions.push({ key, question });
      if (questions.length >= QUESTIONS_AT_ONCE) yield* await this.#askAll(name, questions.splice(0));
    }
    yield* await this.#askAll(name, questions);
  }

  /** The code that every proxy really runs. */
  async *code(): AsyncGenerator<Contradiction> {
    const { rpc, pinned } = this.chain;
    const at = { blockHash: pinned.hash };
    for (const row of this.scratch.rows("proxy")) {
      const proxy = row.address as string;
      const found = await this.#lookup("proxy", proxy, async () => {
        const slot = await rpc.send<string>("eth_getStorageAt", [proxy, IMPLEMENTATION_SLOT, at]);
        const implementation = `0x${slot.slice(-40)}`;
        const code = await rpc.send<string>("eth_getCode", [implementation, at]);
        return { implementation, codehash: keccak256(code) };
      });
      if (found === undefined) continue;
      for (const field of ["implementation", "codehash"] as const) {
        if (found[field] !== row[field]) {
          yield { table: "proxy", key: proxy, field, state: found[field], events: shown(row[field]) };
        }
      }
    }
  }

  /** What the escrow owns of a token. */
  async balance(token: string): Promise<bigint | undefined> {
    const { rpc, record, pinned } = this.chain;
    const { address } = record.contracts.escrow;
    return this.#lookup("token", token, async () => {
      if (token === NATIVE_COIN.toLowerCase()) {
        return BigInt(await rpc.send<string>("eth_getBalance", [address, { blockHash: pinned.hash }]));
      }
      const [balance] = await rpc.view(erc20, token, "balanceOf", [address], pinned);
      return balance as bigint;
    });
  }

  /** The rows of a table that are true now, where others tell of the past. */
  #present(name: string): Iterable<PlainRow> {
    const kindOf = LATEST_OF[name];
    if (kindOf === undefined) return this.scratch.rows(name);
    const latest = new Map<string, PlainRow>();
    const age = ({ nonce, block, logIndex }: PlainRow) =>
      nonce === undefined ? Number(block) * 1e5 + Number(logIndex) : Number(nonce);
    for (const row of this.scratch.rows(name)) {
      const known = latest.get(kindOf(row));
      if (known === undefined || age(row) > age(known)) latest.set(kindOf(row), row);
    }
    return latest.values();
  }

  async #paymentPage(
    page: readonly PlainRow[],
    disputes: ReadonlyMap<string, PlainRow>,
  ): Promise<Contradiction[]> {
    const paymentIds = page.map(({ paymentId }) => paymentId as string);
    let states: readonly Slot[];
    try {
      states = await this.#snapshot(paymentIds);
    } catch (error) {
      if (page.length > FEWEST_AT_ONCE) {
        // Endpoints limit the gas and the bytes of a call, each in words of its own.
        this.#atOnce = Math.min(this.#atOnce, Math.ceil(page.length / 2));
        const halves = [page.slice(0, this.#atOnce), page.slice(this.#atOnce)];
        const found = [];
        for (const half of halves) found.push(...(await this.#paymentPage(half, disputes)));
        return found;
      }
      const what = page.length === 1 ? paymentIds[0]! : `${paymentIds[0]} … ${paymentIds.at(-1)}`;
      this.#addFailed("payment", what, error as Error, paymentIds);
      return [];
    }
    return page.flatMap((row, i) => {
      const state = stateOf(states[i]!);
      const events = expectedState(row, disputes.get(row.paymentId as string));
      return Object.entries(events)
        .filter(([field, value]) => state[field] !== value)
        .map(([field, value]) => ({
          table: "payment",
          key: row.paymentId as string,
          paymentId: row.paymentId as string,
          field,
          state: state[field]!,
          events: value,
        }));
    });
  }

  async #snapshot(paymentIds: string[]): Promise<readonly Slot[]> {
    const { rpc, record, pinned } = this.chain;
    const address = record.contracts.escrowLens.address;
    const answer = await rpc.call(address, lens.encodeFunctionData("snapshot", [[], paymentIds]), pinned);
    // ethers takes seconds to decode what viem decodes in milliseconds.
    const { blockNumber, states } = decodeFunctionResult({
      abi: EscrowLens__factory.abi,
      functionName: "snapshot",
      data: answer as `0x${string}`,
    });
    if (Number(blockNumber) !== pinned.number) {
      throw new Error(`it answered as of block ${blockNumber} when asked about ${pinned.number}`);
    }
    if (states.length !== paymentIds.length) {
      throw new Error(`it told ${states.length} states when asked for ${paymentIds.length}`);
    }
    return states;
  }

  async #askAll(table: string, questions: readonly Asked[]): Promise<Contradiction[]> {
    const answers = (await this.#together(questions)) ?? (await this.#oneByOne(table, questions));
    return questions.flatMap(({ key, question: { expected, read } }, i) => {
      const answer = answers[i];
      if (answer === undefined) return [];
      const state = read(answer);
      return Object.entries(expected)
        .map(([field, events]) => ({ field, state: comparable(state[field]), events: comparable(events) }))
        .filter(({ state, events }) => state !== events)
        .map((contradiction) => ({ table, key, ...contradiction }));
    });
  }

  /** In one call, if that can be done. */
  async #together(questions: readonly Asked[]): Promise<Result[] | undefined> {
    const { rpc, record, pinned } = this.chain;
    const contract = questions[0]?.question.contract;
    if (questions.length < 2 || !questions.every(({ question }) => question.contract === contract))
      return undefined;
    const abi = abiOf(contract!);
    if (!abi.hasFunction("multicall")) return undefined;
    try {
      const calls = questions.map(({ question }) => abi.encodeFunctionData(question.function, question.args));
      const [answers] = await rpc.view(abi, addressOf(record, contract!), "multicall", [calls], pinned);
      return questions.map(({ question }, i) =>
        abi.decodeFunctionResult(question.function, (answers as string[])[i]!),
      );
    } catch {
      // One by one it can be told which of them has no answer.
      return undefined;
    }
  }

  #oneByOne(table: string, questions: readonly Asked[]): Promise<(Result | undefined)[]> {
    const { rpc, record, pinned } = this.chain;
    return Promise.all(
      questions.map(async ({ key, question: { contract, function: name, args } }) => {
        const look = () => rpc.view(abiOf(contract), addressOf(record, contract), name, args, pinned);
        return (await this.#lookup(table, key, look)) as Result | undefined;
      }),
    );
  }

  async #lookup<Answer>(
    table: string,
    key: string,
    look: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await look();
    } catch (error) {
      this.#addFailed(table, key, error as Error);
      return undefined;
    }
  }

  #addFailed(table: string, key: string, error: Error, keys: readonly string[] = [key]): void {
    for (const unanswered of keys) this.#unanswered.add(`${table} ${unanswered}`);
    this.findings.add(failedLookup(table, key, this.chain, error));
  }
}

const failedLookup = (table: string, key: string, { rpc, pinned }: ChainState, error: Error): Finding => ({
  outcome: "lookup_failed",
  table,
  key,
  ...(table === "payment" && /^0x[0-9a-f]{64}$/.test(key) && { paymentId: key }),
  found: `${rpc.name} does not tell: ${error.message.slice(0, 200)}`,
  expected: `an answer as of block ${pinned.number}`,
  advice: ADVICE.again,
});

/** A payment's slot, by the names of the read model. */
function stateOf({ status, flags, held, released, disputedAt }: Slot): Record<string, string> {
  return {
    status: STATUSES[status] ?? `status ${status}`,
    onHold: String((flags & FLAG_ON_HOLD) !== 0),
    held: String(held),
    released: String(released),
    disputedAt: String(disputedAt),
    openedBySeller: String((flags & FLAG_OPENED_BY_SELLER) !== 0),
  };
}

/** The slot that follows from a payment's events. */
function expectedState(row: PlainRow, dispute: PlainRow | undefined): Record<string, string> {
  const expected = { ...pickStrings(row, "status", "onHold", "held", "released") };
  if (dispute === undefined) return { ...expected, disputedAt: "0", openedBySeller: "false" };
  const openedBySeller = String(dispute.openedBy === row.seller);
  // The window begins at the deadline, unless a hold was lifted after it: only then does the row tell `disputedAt`.
  const from = BigInt(dispute.claimableAt as string) - BigInt(row.disputeWindow as string);
  return from > BigInt(row.deadline as string)
    ? { ...expected, openedBySeller, disputedAt: String(from) }
    : { ...expected, openedBySeller };
}

const pickStrings = (row: PlainRow, ...columns: string[]) =>
  Object.fromEntries(columns.map((name) => [name, textOf(row[name])]));

const comparable = (value: unknown) => String(value).toLowerCase();
