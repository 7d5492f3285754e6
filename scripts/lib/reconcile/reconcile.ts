import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { Events } from "./events.js";
import { ADVICE, Findings, type Finding } from "./findings.js";
import type { PlainRow } from "./kinds.js";
import { disagreements, logsBetween, logWindows, placeOf } from "./logs.js";
import { loadModel, type Model, type Table } from "./model.js";
import { QUESTIONS } from "./questions.js";
import { ImpossibleLog, Replay } from "./replay.js";
import type { Pinned, Rpc } from "./rpc.js";
import { compareRows, type Scope } from "./rows.js";
import { Scratch, type Reached } from "./scratch.js";
import type { IndexSource } from "./source.js";
import { StateCheck, type Contradiction } from "./state.js";
import { sumUp } from "./sums.js";

export interface Request {
  readonly record: DeploymentRecord;
  readonly rpc: Rpc;
  /** Another endpoint of the same chain, which has to agree. */
  readonly second?: Rpc;
  readonly source: IndexSource;
  /** File of the rows that should be, or `:memory:`. */
  readonly scratch: string;
  /** Whether to go on from what an earlier run left in that file. */
  readonly resume?: boolean;
  /** At which block the contracts are asked; by default the index's own. */
  readonly block?: number;
  readonly filter?: Filter;
  readonly onProgress?: (progress: Progress) => void;
}

/** What to look at only. */
export interface Filter {
  readonly paymentId?: string;
  readonly token?: string;
  /** Unix seconds: only what changed since. */
  readonly since?: number;
}

export type Phase = "logs" | "state" | "rows";

export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  /** 0 if nobody knows yet. */
  readonly of: number;
}

/** What a command says with its exit code. */
export const EXIT_CODES = { clean: 0, differences: 1, "could not tell": 2 } as const;

/** What came of it. */
export interface Reconciliation {
  readonly chainId: number;
  readonly block: Pinned;
  readonly outcome: keyof typeof EXIT_CODES;
  readonly findings: readonly Finding[];
  /** Rows that matched, and findings by outcome. */
  readonly counts: Readonly<Record<string, number>>;
  /** Rows of the index that were compared, by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly payments: number;
  readonly rpcCalls: number;
  /** Calls that asked for payments' states. */
  readonly stateCalls: number;
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly tokens: readonly TokenTotals[];
}

export interface TokenTotals {
  readonly token: string;
  readonly held: string;
  readonly credits: string;
  readonly balance: string;
}

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
  #stateCalls = 0;

  constructor(
    private readonly request: Request,
    private readonly model: Model,
    private readonly scratch: Scratch,
  ) {
    this.#events = new Events(request.record, model);
    this.#scope = scopeOf(request.filter ?? {}, scratch);
  }

  async run(): Promise<Reconciliation | "moved"> {
    const { source, rpc, second, record } = this.request;
    const indexed = await this.#pin(await source.block());
    const pinned = this.request.block === undefined ? indexed : await this.#pin(this.request.block);
    if (pinned.number > indexed.number) {
      throw new Fault(
        `The index has finished block ${indexed.number}, not yet ${pinned.number}: wait for it, or choose an earlier --block.`,
      );
    }

    let rows: Record<string, number> = {};
    let tokens: TokenTotals[] = [];
    if (await this.#timed("logs", () => this.#replay(pinned))) {
      tokens = await this.#timed("state", () => this.#checkState(pinned));
      const isYardstick = await this.#timed("logs", () => this.#replay(indexed));
      if (isYardstick) await this.#timed("state", () => this.#checkAgainstIndex());
      if (isYardstick && !this.#contradicts) rows = await this.#timed("rows", () => this.#checkRows());
    }
    await this.#stillThere(pinned);
    if (await this.#hasMovedSince(indexed)) return "moved";

    const { counts, list } = this.#findings;
    return {
      chainId: record.chainId,
      block: pinned,
      outcome:
        this.#findings.of("lookup_failed") > 0
          ? "could not tell"
          : this.#findings.total > 0
            ? "differences"
            : "clean",
      findings: list,
      counts: Object.fromEntries(counts),
      rows,
      payments: rows.payment ?? 0,
      rpcCalls: rpc.callCount + (second?.callCount ?? 0),
      stateCalls: this.#stateCalls,
      seconds: this.#seconds,
      tokens,
    };
  }

  /** Payments of which the events say other than the slots, by what the slots say. */
  readonly #suspects: Contradiction[] = [];
  #contradicts = false;

  async #pin(number: number): Promise<Pinned> {
    const block = await this.request.rpc.block(number);
    if (block === undefined) {
      throw new Fault(
        `${this.request.rpc.name} does not have block ${number} yet: it is behind, or of another chain.`,
      );
    }
    const other = await this.request.second?.block(number);
    if (this.request.second !== undefined && other?.hash !== block.hash) {
      throw new Fault(
        `Block ${number} is ${block.hash} at ${this.request.rpc.name} and ${other?.hash ?? "unknown"} at ` +
          `${this.request.second.name}: one of them is behind, on a fork, or lies.`,
      );
    }
    return block;
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

  /** Whether the logs up to a block make sense, and are replayed. */
  async #replay(until: Pinned): Promise<boolean> {
    const { rpc, second, record, filter } = this.request;
    const filters =
      filter?.paymentId === undefined ? this.#events.filters : this.#events.filtersOf(filter.paymentId);
    const replay = new Replay(rpc, this.#events, this.model, this.scratch, record);
    const fingerprint = `${this.model.fingerprint} ${record.contracts.escrow.address} ${filter?.paymentId ?? ""}`;
    const first = await this.#resumeAt(fingerprint);
    let agreed = true;
    for await (const { upTo, logs } of logWindows(rpc, filters, first, until.number)) {
      if (second !== undefined) {
        const others = await logsBetween(second, filters, Math.max(first, this.#windowStart), upTo);
        for (const { log, detail } of disagreements(
          { name: rpc.name, logs },
          { name: second.name, logs: others },
        )) {
          agreed = false;
          this.#findings.add({
            outcome: "lookup_failed",
            table: "chain",
            key: `log ${placeOf(log)}`,
            ...this.#paymentOf(log),
            found: detail,
            expected: "the same logs at both",
            advice: ADVICE.distrust,
          });
        }
      }
      this.#windowStart = upTo + 1;
      if (!agreed) continue;
      try {
        await replay.play(logs);
      } catch (error) {
        if (!(error instanceof ImpossibleLog)) throw error;
        this.#findings.add({
          outcome: "lookup_failed",
          table: "chain",
          key: `log ${placeOf(error.log)}`,
          ...(error.paymentId !== undefined && { paymentId: error.paymentId }),
          found: error.why,
          expected: "logs that follow from those before them",
          advice: ADVICE.askAnother,
        });
        return false;
      }
      const hash = upTo === until.number ? until.hash : (await rpc.block(upTo))!.hash;
      this.scratch.commit({ fingerprint, reached: { block: upTo, hash } satisfies Reached });
      this.request.onProgress?.({
        phase: "logs",
        done: upTo - record.startBlock + 1,
        of: until.number - record.startBlock + 1,
      });
    }
    return agreed;
  }
  #windowStart = 0;

  /** The first block that is not in the file yet. */
  async #resumeAt(fingerprint: string): Promise<number> {
    const { record, rpc, resume } = this.request;
    const reached = this.scratch.meta<Reached>("reached");
    const mayGoOn = this.#windowStart > 0 || resume === true;
    if (mayGoOn && reached !== undefined && this.scratch.meta("fingerprint") === fingerprint) {
      if ((await rpc.block(reached.block))?.hash === reached.hash) {
        this.#windowStart = reached.block + 1;
        return this.#windowStart;
      }
    }
    this.scratch.clear();
    this.#windowStart = record.startBlock;
    return record.startBlock;
  }

  #paymentOf(log: Parameters<Events["decode"]>[0]): { paymentId?: string } {
    const paymentId = this.#events.decode(log)?.args.paymentId;
    return typeof paymentId === "string" ? { paymentId } : {};
  }

  /** What the contracts answer at the pinned block, against what follows from their events until then. */
  async #checkState(pinned: Pinned): Promise<TokenTotals[]> {
    const { rpc, record } = this.request;
    const check = new StateCheck({ rpc, record, pinned }, this.scratch, this.#findings);
    const payment = this.#table("payment");
    const before = rpc.callCount;
    for await (const contradiction of check.payments((row) => this.#scope.contains(payment, row))) {
      this.#suspects.push(contradiction);
    }
    this.#stateCalls = rpc.callCount - before;
    this.request.onProgress?.({ phase: "state", done: 1, of: 2 });
    if (this.request.filter !== undefined && Object.keys(this.request.filter).length > 0) return [];

    for (const table of this.model.tables.filter(({ name }) => name in QUESTIONS)) {
      for await (const contradiction of check.table(table)) this.#suspects.push(contradiction);
    }
    for await (const contradiction of check.code()) this.#suspects.push(contradiction);
    this.request.onProgress?.({ phase: "state", done: 2, of: 2 });
    return this.#checkSums(check);
  }

  async #checkSums(check: StateCheck): Promise<TokenTotals[]> {
    const { tokens, unbalanced } = sumUp(this.scratch);
    for (const place of unbalanced) {
      this.#total("ledgerEntry", place, "entries of the event", "do not sum to zero", "0");
    }
    const totals: TokenTotals[] = [];
    for (const row of this.scratch.rows("token")) {
      const token = row.address as string;
      const [held, credits] = [BigInt(row.held as string), BigInt(row.credits as string)];
      const sums = tokens.get(token);
      for (const [who, sum] of Object.entries(sums?.held ?? {})) {
        if (sum !== held) this.#total("token", token, `held, summed over ${who}`, String(sum), String(held));
      }
      for (const [who, sum] of Object.entries(sums?.credits ?? {})) {
        if (sum !== credits)
          this.#total("token", token, `credits, summed over ${who}`, String(sum), String(credits));
      }
      const balance = await check.balance(token);
      if (balance === undefined) continue;
      totals.push({ token, held: String(held), credits: String(credits), balance: String(balance) });
      // What the contract owes is what it says that it owes, should its logs say otherwise.
      const owed = this.#stored(token, "held", held) + this.#stored(token, "credits", credits);
      if (balance < owed) {
        this.#findings.add({
          outcome: "total_mismatch",
          table: "token",
          key: token,
          field: "balance",
          found: String(balance),
          expected: `at least ${owed}: what is held and in credits`,
          advice: ADVICE.stopPayouts,
          leak: true,
        });
      }
    }
    return totals;
  }

  #stored(token: string, field: string, expected: bigint): bigint {
    const differing = this.#suspects.find(
      ({ table, key, field: its }) => table === "token" && key === token && its === field,
    );
    return differing === undefined ? expected : BigInt(differing.state);
  }

  #total(table: string, key: string, field: string, found: string, expected: string): void {
    const advice = ADVICE.investigate;
    this.#findings.add({ outcome: "total_mismatch", table, key, field, found, expected, advice });
  }

  /** Whether logs were withheld, or the contracts' state is not what they said, is told by a third witness. */
  async #checkAgainstIndex(): Promise<void> {
    const rows = new Map<string, PlainRow>();
    for (const { table, key, field, state, events, paymentId } of this.#suspects) {
      const whom = `${table} ${key}`;
      if (!rows.has(whom)) {
        const found = await this.#indexed(table, key);
        if (found !== undefined) rows.set(whom, found);
      }
      const indexed = rows.get(whom)?.[field];
      const indexSawIt = indexed !== undefined && String(indexed).toLowerCase() === state.toLowerCase();
      const second = await this.#secondOpinion(table, key, field);
      const secondDenies = second !== undefined && second !== state;
      if (secondDenies || (indexSawIt && second === undefined)) {
        this.#contradicts ||= indexSawIt;
        this.#findings.add({
          outcome: "lookup_failed",
          table,
          key,
          ...(paymentId !== undefined && { paymentId }),
          field,
          found: secondDenies
            ? `${this.request.rpc.name} answers ${state}, ${this.request.second!.name} ${second}`
            : `${this.request.rpc.name} answers ${state}, as the index has it, and its logs make ${events}`,
          expected: events,
          advice: secondDenies ? ADVICE.distrust : ADVICE.askAnother,
        });
        continue;
      }
      this.#findings.add({
        outcome: table === "token" || table === "credit" ? "total_mismatch" : "state_mismatch",
        table,
        key,
        ...(paymentId !== undefined && { paymentId }),
        field,
        found: `${state} on the chain`,
        expected: `${events}, which follows from the events`,
        advice: second === undefined ? `${ADVICE.investigate}. ${ADVICE.askAnother}` : ADVICE.investigate,
        ...(paymentId !== undefined && (field === "held" || field === "released") && { leak: true as const }),
      });
    }
  }

  async #indexed(tableName: string, key: string): Promise<PlainRow | undefined> {
    const table = this.#table(tableName);
    return this.request.source.row(table, key.split(" "));
  }

  /** What the second endpoint answers instead, for payments. */
  async #secondOpinion(table: string, key: string, field: string): Promise<string | undefined> {
    const { second, record } = this.request;
    if (second === undefined || table !== "payment") return undefined;
    const pinned = await this.#pin(this.request.block ?? (await this.request.source.block()));
    const check = new StateCheck({ rpc: second, record, pinned }, this.scratch, this.#findings);
    return (await check.paymentState(key))?.[field];
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

  #table(name: string): Table {
    return this.model.tables.find((table) => table.name === name)!;
  }
}

/** Which rows a filter means: those about payments that it means, or that changed since then. */
function scopeOf({ paymentId, token, since }: Filter, scratch: Scratch): Scope {
  const tokenOf = (table: Table, row: PlainRow): string | undefined => {
    if (typeof row.token === "string") return row.token;
    if (table.name === "token") return row.address as string;
    if (typeof row.paymentId !== "string") return undefined;
    return scratch.payment(row.paymentId)?.token as string | undefined;
  };
  const changedAt = (row: PlainRow) =>
    Number(
      row.updatedAt ??
        row.timestamp ??
        row.endedAt ??
        row.openedAt ??
        row.spentAt ??
        row.approvedAt ??
        Infinity,
    );
  return {
    ...(paymentId !== undefined && { paymentId }),
    compares: (table) => paymentId === undefined || table.columns.some(({ name }) => name === "paymentId"),
    contains: (table, row) =>
      (paymentId === undefined || row.paymentId === paymentId) &&
      (token === undefined || tokenOf(table, row) === token) &&
      (since === undefined || changedAt(row) >= since),
  };
}
