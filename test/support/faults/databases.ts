import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { noPostgres, Postgres } from "./postgres.js";

/** Where an indexer under test keeps its tables. */
export interface FaultDatabase {
  options: { databaseDir: string } | { databaseUrl: string };
  dispose(): Promise<void>;
  /** Ends every connection to it, where there are any. */
  cut?(): Promise<void>;
  /** Restarts the server that it is on, which is down for a while. */
  restart?(downMs: number): Promise<void>;
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
export function databaseKinds(): [DatabaseKind, PostgresKind] {
  return [{ name: "PGlite", create: newPglite, close: () => Promise.resolve() }, new PostgresKind()];
}

async function newPglite(): Promise<FaultDatabase> {
  const databaseDir = await mkdtemp(join(tmpdir(), "holdfast-faults-"));
  return { options: { databaseDir }, dispose: () => rm(databaseDir, { recursive: true, force: true }) };
}

/** A server that is started with its first database; each database is one of its own on it. */
class PostgresKind implements DatabaseKind {
  readonly name = "Postgres";
  readonly unavailable = noPostgres;
  #server: Promise<Postgres> | undefined;
  #databases = 0;

  server(): Promise<Postgres> {
    return (this.#server ??= Postgres.start());
  }

  async create(): Promise<FaultDatabase & { name: string }> {
    const server = await this.server();
    const name = `faults_${++this.#databases}`;
    return {
      name,
      options: { databaseUrl: await server.newDatabase(name) },
      cut: () => server.cut(name),
      restart: (downMs) => server.restart(downMs),
      dispose: async () => void (await server.query("postgres", `drop database ${name} with (force)`)),
    };
  }

  async close(): Promise<void> {
    await (await this.#server)?.stop();
  }
}
