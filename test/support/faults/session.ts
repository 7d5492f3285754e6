import { setTimeout as sleep } from "node:timers/promises";

import {
  indexedBlock,
  launchIndexer,
  untilIndexed,
  type IndexerOptions,
  type IndexerProcess,
} from "../../../scripts/lib/indexer.js";
import { freePort } from "../../../scripts/lib/processes.js";
import { RpcProxy } from "../../../scripts/lib/rpc-proxy.js";
import { hardhatWith } from "../command-line.js";
import { wholeReadModel } from "../read-model.js";
import { CHAIN_ID, FaultChain, FINALITY } from "./chain.js";
import type { Chance } from "./chance.js";
import type { DatabaseKind, FaultDatabase } from "./databases.js";

/** How long an indexer may take to be where it should be; a killed one first waits for its predecessor's lock. */
const PATIENCE_SECONDS = 240;
/** Long enough for blocks that are final, and reorgs of 64 that end above them. */
export const BLOCKS = 80;

/** An indexer that things happen to, with its chain, the endpoint it asks and its database. */
export class Session {
  readonly log: string[] = [];
  /** More environment variables of the indexers that are started from now on. */
  env: Record<string, string> = {};
  #indexer: IndexerProcess | undefined;
  #overSince: number | undefined;
  #heightAtStart = 0;
  /** How long the log was then. */
  #logAtStart = 0;

  private constructor(
    readonly chain: FaultChain,
    readonly rpc: RpcProxy,
    private readonly kind: DatabaseKind,
    public database: FaultDatabase,
  ) {}

  /** A chain of some blocks on which nothing is indexed yet. */
  static async begin(kind: DatabaseKind, chance: Chance, blocks: number): Promise<Session> {
    const chain = await FaultChain.start(chance);
    await chain.grow(blocks);
    return new Session(chain, await RpcProxy.start(chain.url), kind, await kind.create());
  }

  get chance(): Chance {
    return this.chain.chance;
  }

  /** Throws the index away, so that the next start is a backfill of all there is. */
  async forget(): Promise<void> {
    await this.#indexer?.stop();
    await this.database.dispose();
    this.database = await this.kind.create();
  }

  get indexer(): IndexerProcess {
    if (this.#indexer === undefined) throw new Error("No indexer was started yet.");
    return this.#indexer;
  }

  /** A block that the indexer took for final when it was started last, or one before that. */
  get finalBlock(): number {
    return this.#heightAtStart - FINALITY;
  }

  /** Does what the indexer asked for when it stopped: `npm run indexer:reindex` up to the start. */
  async reindex(): Promise<string> {
    const { options } = this.database;
    const { exitCode, stdout, stderr } = await hardhatWith(
      {
        HOLDFAST_RECORDS_DIR: this.chain.suite.recordsDir,
        HOLDFAST_CHAINS: String(CHAIN_ID),
        [`PONDER_RPC_URL_${CHAIN_ID}`]: this.rpc.url,
        ...("databaseUrl" in options
          ? { DATABASE_URL: options.databaseUrl }
          : { HOLDFAST_PGLITE_DIR: options.databaseDir, DATABASE_URL: undefined }),
      },
      "reindex",
    );
    if (exitCode !== 0) throw new Error(`hardhat reindex ended with code ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the indexer and waits for nothing. */
  async start(...rpcUrls: string[]): Promise<IndexerProcess> {
    this.#heightAtStart = await this.chain.height();
    this.#logAtStart = this.log.length;
    return (this.#indexer = await this.#launch({
      rpcUrls: { [CHAIN_ID]: rpcUrls.length > 0 ? rpcUrls : [this.rpc.url] },
      ...this.database.options,
      env: this.env,
      onLog: (line) => this.log.push(line),
    }));
  }

  /** From now on the indexer could be right again: recovery is counted from here. */
  faultIsOver(): void {
    this.#overSince = performance.now();
  }

  /** Causes a fault, and waits until the indexer is at the chain's head again. Returns the milliseconds since it was over. */
  async suffer(cause: (session: Session) => Promise<void>): Promise<number> {
    this.#overSince = undefined;
    await cause(this);
    this.#overSince ??= performance.now();
    await this.untilCaughtUp();
    return performance.now() - this.#overSince;
  }

  /** Waits until the log has a line like this, from the place in it on that `since` gives. */
  async untilItSays(words: RegExp, since = 0): Promise<void> {
    const deadline = Date.now() + PATIENCE_SECONDS * 1000;
    while (!this.log.slice(since).some((line) => words.test(line))) {
      if (Date.now() > deadline)
        throw new Error(`It did not say ${words}:\n${this.log.slice(-20).join("\n")}`);
      await sleep(20);
    }
  }

  /** Waits until the indexer is at the chain's head and follows it: before that it believes ranges of logs. */
  async untilCaughtUp(): Promise<void> {
    const { url, ended } = this.indexer;
    const height = await this.chain.height();
    const died = ended.then((sentence) => {
      throw new Error(sentence);
    });
    const follows = this.untilItSays(/Started live indexing/, this.#logAtStart);
    const caughtUp = Promise.all([follows, this.#untilAt(height, url)]).catch(async (problem: Error) => {
      // Whoever died is not reached either, and says more.
      await Promise.race([died, sleep(5_000, undefined, { ref: false })]);
      throw problem;
    });
    await Promise.race([died, caughtUp]);
  }

  /** Ends the indexer as a power cut would. */
  async kill(): Promise<void> {
    this.indexer.signal("SIGKILL");
    await this.indexer.ended;
    this.faultIsOver();
  }

  /** Waits until the indexer has ended by itself. Returns how, with its last lines. */
  async untilItStops(): Promise<string> {
    const tooLate = sleep(PATIENCE_SECONDS * 1000, undefined, { ref: false }).then(() => {
      throw new Error(`It did not stop:\n${this.log.slice(-20).join("\n")}`);
    });
    return await Promise.race([this.indexer.ended, tooLate]);
  }

  /** Resolves once the indexer has asked its chain `calls` more times, of the method if one is named. */
  async untilItAsks(calls: number, method?: string): Promise<void> {
    const asked = Promise.withResolvers<void>();
    let left = calls;
    this.rpc.watch((call) => {
      if ((method === undefined || call.method === method) && --left === 0) asked.resolve();
    });
    const tooLate = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
    tooLate.addEventListener("abort", () =>
      asked.reject(new Error(`It did not ask ${calls} times for ${method ?? "anything"}.`)),
    );
    await asked.promise.finally(() => this.rpc.watch());
  }

  /** How the tables differ from those of an index that never saw anything but the chain as it is now. */
  async differences(): Promise<string[]> {
    const fresh = await this.#launch({ rpcUrls: { [CHAIN_ID]: this.chain.url }, databaseDir: "memory://" });
    try {
      await this.#untilAt(await this.chain.height(), fresh.url);
      return differencesBetween(await wholeReadModel(this.indexer.url), await wholeReadModel(fresh.url));
    } finally {
      await fresh.stop();
    }
  }

  async dispose(): Promise<void> {
    await this.#indexer?.stop();
    await this.rpc.stop();
    await this.database.dispose();
    await this.chain.stop();
  }

  async #launch(options: Omit<IndexerOptions, "port" | "recordsDir">): Promise<IndexerProcess> {
    const port = await freePort();
    return await launchIndexer({ recordsDir: this.chain.suite.recordsDir, port, ...options });
  }

  async #untilAt(height: number, url: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_SECONDS * 1000;
    // Until it has its tables it has no answer.
    while ((await indexedBlock(url, CHAIN_ID).catch(() => undefined)) === undefined) {
      if (Date.now() > deadline)
        throw new Error(`${url} does not answer:\n${this.log.slice(-20).join("\n")}`);
      await sleep(50);
    }
    await untilIndexed(url, CHAIN_ID, height, PATIENCE_SECONDS);
  }
}

type Tables = Record<string, Record<string, unknown>[]>;

function differencesBetween(found: Tables, expected: Tables): string[] {
  return Object.keys({ ...found, ...expected }).flatMap((table) => {
    const rows = (found[table] ?? []).map(textOf);
    const freshRows = (expected[table] ?? []).map(textOf);
    return [
      ...without(freshRows, rows).map((row) => `${table} lacks ${row}`),
      ...without(rows, freshRows).map((row) => `${table} has ${row}`),
    ];
  });
}

const textOf = (row: Record<string, unknown>) => JSON.stringify(Object.entries(row).sort());

function without(these: readonly string[], those: readonly string[]): string[] {
  const excluded = new Set(those);
  return these.filter((item) => !excluded.has(item));
}
