import { Fault } from "../../../deploy/fault.js";
import type { RunScope } from "../../../deploy/reconciliations.js";
import { Events } from "./events.js";
import { Findings } from "./findings.js";
import { logsBetween } from "./logs.js";
import { loadModel, type Model, type Table } from "./model.js";
import { QUESTIONS } from "./questions.js";
import { Reading } from "./reading.js";
import type { PlainRow } from "./kinds.js";
import type { Phase, Reconciliation, Request, TokenTotals } from "./request.js";
import type { Pinned, Rpc } from "./rpc.js";
import { compareRows, findStrays } from "./rows.js";
import { scopeOf, type Scope } from "./scope.js";
import { Scratch } from "./scratch.js";
import { StateCheck } from "./state.js";
import { checkTotals } from "./totals.js";
import { isDisputed, judge, sawMore } from "./verdict.js";
import { Witnesses, type Suspect } from "./witnesses.js";

/** A chain that contradicts itself more often than this is not worth asking about each. */
const MOST_SUSPECTS = 1_000;

/**
 * Compares the index with the chain: the contracts' logs are given to the indexer's own handlers, the rows that come of
 * it are compared with what the contracts answer, and then with every row of the index.
 *
 * @throws {@link Fault} if there is nothing to compare, or not at this block.
 */
export async function reconcile(request: Request): Promise<{ result: Reconciliation; scratch: Scratch }> {
  const model = await loadModel();
  const scratch = new Scratch(request.scratch, model);
  let resume = request.resume ?? false;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await new Run({ ...request, resume }, model, scratch).run();
      if (result !== "moved") return { result, scratch };
      resume = true;
    }
    throw new Fault(
      `Chain ${request.record.chainId} gets events faster than its index can be read by GraphQL: give --database.`,
    );
  } catch (error) {
    scratch.close();
    throw error;
  }
}

/** GraphQL cannot be asked as of a block, so its pages are of one moment only if nothing happened in between. */
const ATTEMPTS = 5;

class Run {
  readonly #findings = new Findings();
  readonly #seconds: Record<Phase, number> = { logs: 0, state: 0, rows: 0 };
  readonly #events: Events;
  readonly #scope: Scope;
  readonly #reading: Reading;
  /** What the contracts answer otherwise than their events. */
  readonly #suspects: Suspect[] = [];
  #stateCalls = 0;

  constructor(
    private readonly request: Request,
    private readonly model: Model,
    private readonly scratch: Scratch,
  ) {
    this.#events = new Events(request.record, model);
    this.#scope = scopeOf(request.filter ?? {}, scratch);
    this.#reading = new Reading(request, this.#events, model, scratch, this.#findings);
  }

  async run(): Promise<Reconciliation | "moved"> {
    const { source, record } = this.request;
    const indexed = await this.#pin(await source.block());
    const pinned = this.request.block === undefined ? indexed : await this.#pin(this.request.block);
    if (pinned.number > indexed.number) {
      throw new Fault(
        `The index has finished block ${indexed.number}, not yet ${pinned.number}: wait for it, or choose an earlier --block.`,
      );
    }

    await this.#requireEscrow(pinned);
    const scope = await this.#describeScope(indexed);
    this.#findings.rebuild = `npx hardhat reconcile --network ${record.network} --schema ${scope.schema ?? "<schema of the index>"} --apply`;
    let rows: Record<string, number> = {};
    let tokens: TokenTotals[] = [];
    if (await this.#timed("logs", () => this.#reading.upTo(pinned))) {
      tokens = await this.#timed("state", () => this.#checkState(pinned));
      const isYardstick = await this.#timed("logs", () => this.#reading.upTo(indexed));
      if (isYardstick && (await this.#timed("state", () => this.#judge())))
        rows = await this.#timed("rows", () => this.#checkRows());
      if (!this.#isFiltered) await this.#timed("rows", () => this.#checkOtherChains());
    }
    await this.#stillThere(pinned);
    if (await this.#hasMovedSince(indexed)) return "moved";
    this.#requireSomething();

    const { counts, list, mendable } = this.#findings;
    return {
      chainId: record.chainId,
      block: pinned,
      outcome:
        this.#findings.of("lookup_failed") > 0
          ? "could not tell"
          : this.#findings.total > 0
            ? "differences"
            : "clean",
      scope,
      findings: list,
      counts: Object.fromEntries(counts),
      mendable,
      rows,
      payments: rows.payment ?? 0,
      rpcCalls: this.#calls,
      stateCalls: this.#stateCalls,
      seconds: this.#seconds,
      tokens,
    };
  }

  /** Of a past moment if the index stands still, which endpoints that stand still with it would not show. */
  async #describeScope(indexed: Pinned): Promise<RunScope> {
    const { source, rpc, second, filter = {}, block } = this.request;
    const heads = await Promise.all([rpc.block("latest"), second?.block("latest")]);
    const head = Math.max(...heads.map((found) => found?.number ?? indexed.number));
    const { schema, index } = await source.identity();
    const { paymentId, token, since } = filter;
    return {
      source: source.kind,
      // A name that no record may have is left out of it; the id tells the index.
      ...(schema !== undefined && /^\w[\w-]{0,62}$/.test(schema) && { schema }),
      ...(index !== undefined && { index }),
      behind: Math.max(0, head - indexed.number),
      ...(paymentId !== undefined && { payment: paymentId }),
      ...(token !== undefined && { token }),
      ...(since !== undefined && { since: Math.floor(since) }),
      ...(block !== undefined && { block }),
    };
  }

  /** A slip in a filter would else be told as "no differences". */
  #requireSomething(): void {
    const { paymentId, token, since } = this.request.filter ?? {};
    const named = [
      paymentId !== undefined && `payment ${paymentId}`,
      token !== undefined && `token ${token}`,
      since !== undefined && `a change since ${new Date(since * 1_000).toISOString()}`,
    ].filter((name) => name !== false);
    if (named.length === 0 || this.#findings.total > 0 || !this.#scope.metNothing()) return;
    throw new Fault(
      `Neither the chain nor the index has anything of ${named.join(", ")}: nothing was compared.`,
    );
  }

  async #pin(number: number): Promise<Pinned> {
    const block = await this.request.rpc.block(number);
    if (block === undefined) {
      throw new Fault(
        `Block ${number} is not known to ${this.request.rpc.name} yet: it is behind, or of another chain.`,
      );
    }
    const other = await this.request.second?.block(number);
    if (this.request.second !== undefined && other?.hash !== block.hash) {
      throw new Fault(
        `Block ${number} is ${block.hash} at ${this.request.rpc.name} and ${other?.hash ?? "unknown"} at ` +
          `${this.request.second.name}: one of them is behind, on a fork, of another chain, or lies.`,
      );
    }
    return block;
  }

  /** Against a chain without the suite every row would be invented, and all of them mended away. */
  async #requireEscrow({ number, hash }: Pinned): Promise<void> {
    const { rpc, record } = this.request;
    const { address } = record.contracts.escrow;
    const code = await rpc.send<string>("eth_getCode", [address, { blockHash: hash }]);
    if (code !== "0x") return;
    throw new Fault(
      `There is no escrow at ${address} as of block ${number}, says ${rpc.name}: it is of another chain than the record.`,
    );
  }

  /** A reorganisation would make nonsense of all that was compared. */
  async #stillThere({ number, hash }: Pinned): Promise<void> {
    const now = await this.request.rpc.block(number);
    if (now?.hash === hash) return;
    this.#findings.add({
      outcome: "lookup_failed",
      table: "chain",
      key: `block ${number}`,
      found: `block ${number} became ${now?.hash ?? "unknown"} meanwhile`,
      expected: hash,
      advice: "The chain was reorganised: try again",
    });
  }

  async #hasMovedSince({ number }: Pinned): Promise<boolean> {
    const now = await this.request.source.block();
    if (now === number) return false;
    return (await logsBetween(this.request.rpc, this.#events.filters, number + 1, now)).length > 0;
  }

  async #timed<Result>(phase: Phase, work: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds[phase] += (performance.now() - startedAt) / 1_000;
    }
  }

  /** What the contracts answer at the pinned block, against what follows from their events until then. */
  async #checkState(pinned: Pinned): Promise<TokenTotals[]> {
    const { rpc, second, record } = this.request;
    const checkBy = (asked: Rpc) =>
      new StateCheck({ rpc: asked, record, pinned }, this.scratch, this.#findings);
    const first = checkBy(rpc);
    const witnesses = new Witnesses(this.#findings, first, second && checkBy(second));
    const payment = this.#table("payment");
    const before = this.#calls;
    try {
      const total = this.scratch.count(payment);
      let done = 0;
      const wanted = (row: PlainRow) => {
        done += 1;
        if (done % 1_000 === 0) this.request.onProgress?.({ phase: "state", done, of: total });
        return this.#contains(row);
      };
      await this.#collect(witnesses, (check) =>
        check.payments(check === first ? wanted : (row) => this.#contains(row)),
      );
      this.request.onProgress?.({ phase: "state", done: total, of: total });
      return await this.#checkRest(witnesses);
    } finally {
      this.#stateCalls = this.#calls - before;
    }
  }

  #contains(row: PlainRow): boolean {
    return this.#scope.contains(this.#table("payment"), row);
  }

  /** What is not about one payment alone. */
  async #checkRest(witnesses: Witnesses): Promise<TokenTotals[]> {
    if (this.#isFiltered) return [];
    for (const table of this.model.tables.filter(({ name }) => name in QUESTIONS)) {
      await this.#collect(witnesses, (check) => check.table(table));
    }
    await this.#collect(witnesses, (check) => check.code());
    const certain = this.#suspects.filter((suspect) => !isDisputed(suspect));
    return await checkTotals(
      this.scratch,
      witnesses,
      certain.map(({ contradiction }) => contradiction),
      this.#findings,
    );
  }

  async #collect(witnesses: Witnesses, ask: Parameters<Witnesses["contradictions"]>[0]): Promise<void> {
    for await (const suspect of witnesses.contradictions(ask)) {
      if (this.#suspects.length < MOST_SUSPECTS) this.#suspects.push(suspect);
    }
  }

  /** Asks the index about every suspect. @returns Whether the logs are a yardstick. */
  async #judge(): Promise<boolean> {
    let isYardstick = true;
    for (const suspect of this.#suspects) {
      const { table, key, field } = suspect.contradiction;
      const indexed = (await this.request.source.row(this.#table(table), key.split(" ")))?.[field];
      this.#findings.add(judge(suspect, indexed));
      isYardstick &&= !sawMore(suspect, indexed);
    }
    return isYardstick;
  }

  get #calls(): number {
    return this.request.rpc.callCount + (this.request.second?.callCount ?? 0);
  }

  #checkRows(): Promise<Record<string, number>> {
    const { source, onProgress } = this.request;
    const tables = this.model.tables.filter((table) => this.#scope.compares(table));
    const of = tables.reduce((sum, table) => sum + this.scratch.count(table), 0);
    let done = 0;
    return compareRows({ tables, source, scratch: this.scratch, scope: this.#scope }, this.#findings, () => {
      done += 1;
      if (done % 1_000 === 0 || done === of) onProgress?.({ phase: "rows", done, of });
    });
  }

  get #isFiltered(): boolean {
    return Object.keys(this.request.filter ?? {}).length > 0;
  }

  #checkOtherChains(): Promise<void> {
    const { source, recorded } = this.request;
    return findStrays(this.model.tables, source, recorded, this.#findings);
  }

  #table(name: string): Table {
    return this.model.tables.find((table) => table.name === name)!;
  }
}
