import { readFile } from "node:fs/promises";

import { startIndexer, type Indexer, type IndexerOptions } from "../../lib/indexer.js";
import type { Monitor } from "../../lib/monitoring.js";
import type { Postgres } from "../../lib/postgres.js";
import type { Service } from "./compose.js";

/** The database server. */
export const postgresService = (postgres: Postgres): Service => ({
  get isRunning() {
    return postgres.isRunning;
  },
  log: ["database system is ready to accept connections"],
  start: async () => await postgres.launch(),
  stop: async () => await postgres.halt("SIGINT"),
});

/** What a process of the indexer is started with; its RPC endpoints stand in a file, as in production. */
export type IndexerServiceOptions = Omit<IndexerOptions, "rpcUrls" | "onLog" | "schema"> & {
  readonly chainId: number;
  readonly rpcUrlsFile: string;
  /** Its schema, which may depend on a variable that compose.yml reads. */
  readonly schemaOf: (variables: NodeJS.ProcessEnv) => string;
};

/** A process of the indexer: a writer or a replica. */
export class IndexerService implements Service {
  readonly log: string[] = [];
  #indexer: Indexer | undefined;
  #schema: string | undefined;

  constructor(private readonly options: IndexerServiceOptions) {}

  get isRunning(): boolean {
    return this.#indexer !== undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  /** The schema that it was started with last. */
  get schema(): string | undefined {
    return this.#schema;
  }

  isOutdated(variables: NodeJS.ProcessEnv): boolean {
    return this.#schema !== this.options.schemaOf(variables);
  }

  async start(variables: NodeJS.ProcessEnv): Promise<void> {
    const { chainId, rpcUrlsFile, schemaOf, ...options } = this.options;
    this.#schema = schemaOf(variables);
    const rpcUrls = { [chainId]: (await readFile(rpcUrlsFile, "utf8")).trim().split(",") };
    const indexer = await startIndexer({
      ...options,
      rpcUrls,
      schema: this.#schema,
      args: ["--log-format", "json"],
      onLog: (line) => this.log.push(line),
    });
    this.#indexer = indexer;
    void indexer.ended.then(() => {
      if (this.#indexer === indexer) this.#indexer = undefined;
    });
  }

  async stop(): Promise<void> {
    const indexer = this.#indexer;
    this.#indexer = undefined;
    await indexer?.stop();
  }
}

/** A Prometheus or Alertmanager. */
export class MonitorService implements Service {
  readonly log: string[] = [];
  #monitor: Monitor | undefined;

  constructor(
    readonly url: string,
    private readonly begin: () => Promise<Monitor>,
  ) {}

  get isRunning(): boolean {
    return this.#monitor !== undefined;
  }

  async start(): Promise<void> {
    this.#monitor = await this.begin();
    this.log.push("Listening");
  }

  async stop(): Promise<void> {
    const monitor = this.#monitor;
    this.#monitor = undefined;
    await monitor?.stop();
  }
}
