import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { noPostgres, Postgres } from "../../../scripts/lib/postgres.js";

/** Where an indexer's tables go. Ends with the scope that it is `await using` in. */
export interface Database extends AsyncDisposable {
  readonly options: { databaseDir: string } | { databaseUrl: string };
}

/** The databases that are measured, by the name that results have them under. */
export interface Databases extends AsyncDisposable {
  readonly pglite: () => Promise<Database>;
  readonly postgres: () => Promise<Database>;
}

export type DatabaseName = Exclude<keyof Databases, symbol>;
export const DATABASES = ["pglite", "postgres"] as const satisfies DatabaseName[];

const yaml = createRequire(import.meta.url)("js-yaml") as { load(text: string): unknown };
const COMPOSE = fileURLToPath(new URL("../../../compose.yml", import.meta.url));

/** The settings that compose.yml starts Postgres with. */
async function productionSettings(): Promise<string[]> {
  const { services } = yaml.load(await readFile(COMPOSE, "utf8")) as {
    services: { postgres: { command: string } };
  };
  return services.postgres.command.split(" ").filter((word) => word.includes("="));
}

/** Starts a Postgres of the measurement's own, with the settings of production. */
export async function startDatabases(): Promise<Databases> {
  if (noPostgres) throw new Error(`Nothing is measured without both databases: ${noPostgres}.`);
  const settings = ["listen_addresses=127.0.0.1", ...(await productionSettings())];
  const server = await Postgres.start(undefined, settings);
  let made = 0;
  return {
    pglite: async () => {
      const databaseDir = await mkdtemp(path.join(tmpdir(), "holdfast-bench-"));
      return {
        options: { databaseDir },
        [Symbol.asyncDispose]: () => rm(databaseDir, { recursive: true, force: true }),
      };
    },
    postgres: async () => {
      const name = `bench_${++made}`;
      return {
        options: { databaseUrl: await server.newDatabase(name) },
        [Symbol.asyncDispose]: async () => {
          await server.query("postgres", `drop database ${name} with (force)`);
        },
      };
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
