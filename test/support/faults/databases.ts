import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { noPostgres, Postgres } from "../../../scripts/lib/postgres.js";
import { SmallDisk } from "../../../scripts/lib/small-disk.js";

/** Room for the database, its write-ahead log and what the tests write. */
const DISK_MEGABYTES = 600;

/** Where an indexer under test keeps its tables. */
export interface FaultDatabase {
  options: { databaseDir: string } | { databaseUrl: string };
  dispose(): Promise<void>;
  /** The disk that it is on, if it can be filled. */
  disk?: SmallDisk;
  /** Ends every connection to it, where there are any. */
  cut?: () => Promise<void>;
  /** Restarts the server that it is on, which is down for a while. */
  restart?: (downMs: number) => Promise<void>;
  /** Starts its server again if that has ended by itself. */
  revive?: () => Promise<void>;
  /** Asks it something in SQL beside its indexer. */
  query?: (sql: string) => Promise<string>;
}

/** A kind of database to try faults on. */
export interface DatabaseKind {
  name: "PGlite" | "Postgres";
  /** Why it cannot be tried here, or nothing if it can. */
  unavailable?: string;
  /** A new, empty database. */
  create(): Promise<FaultDatabase>;
  /** Stops what all databases of the kind share. */
  close(): Promise<void>;
}

/** The kinds of database that the indexer runs on, each with nothing started yet. */
export function databaseKinds({ onSmallDisks = false } = {}): DatabaseKind[] {
  const mount = () =>
    onSmallDisks && SmallDisk.unavailable === undefined ? SmallDisk.mount(DISK_MEGABYTES) : undefined;
  return [
    { name: "PGlite", create: () => newPglite(mount()), close: () => Promise.resolve() },
    new PostgresKind(mount),
  ];
}

async function newPglite(disk: SmallDisk | undefined): Promise<FaultDatabase> {
  const directory = disk?.directory ?? (await mkdtemp(join(tmpdir(), "holdfast-faults-")));
  return {
    options: { databaseDir: join(directory, "pglite") },
    disk,
    dispose: async () => {
      disk?.unmount();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A server that is started with its first database; each database is one of its own on it. */
class PostgresKind implements DatabaseKind {
  readonly name = "Postgres";
  readonly unavailable = noPostgres;
  #server: Promise<Postgres> | undefined;
  #disk: SmallDisk | undefined;
  #databases = 0;

  constructor(private readonly mount: () => SmallDisk | undefined) {}

  async #start(): Promise<Postgres> {
    this.#disk = this.mount();
    return await Postgres.start(this.#disk?.directory);
  }

  async create(): Promise<FaultDatabase> {
    const server = await (this.#server ??= this.#start());
    const name = `faults_${++this.#databases}`;
    return {
      options: { databaseUrl: await server.newDatabase(name) },
      disk: this.#disk,
      cut: () => server.cut(name),
      restart: (downMs) => server.restart(downMs),
      revive: () => server.revive(),
      query: (sql) => server.query(name, sql),
      dispose: async () => void (await server.query("postgres", `drop database ${name} with (force)`)),
    };
  }

  async close(): Promise<void> {
    await (await this.#server)?.stop();
    this.#disk?.unmount();
  }
}
