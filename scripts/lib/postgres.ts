import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort, tieToThisProcess } from "./processes.js";

const run = promisify(execFile);
/** Of a table; its header says how the rest is to be read. */
const PAGE_BYTES = 8_192;
const PACKAGE = "/usr/lib/postgresql";
const isRoot = process.getuid?.() === 0;

/** Where Debian keeps the programs of its newest Postgres, if it is installed. */
function programs(): string | undefined {
  if (!existsSync(PACKAGE)) return undefined;
  const newest = readdirSync(PACKAGE)
    .filter((version) => existsSync(join(PACKAGE, version, "bin", "initdb")))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1);
  return newest && join(PACKAGE, newest, "bin");
}

/** Why there can be no Postgres here, or nothing if there can. */
export const noPostgres = programs() ? undefined : `no Postgres: ${PACKAGE} is missing (Debian's postgresql)`;

/** Postgres refuses to run as root. */
const asItsUser = (program: string, args: string[]): [string, string[]] =>
  isRoot
    ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, ...args]]
    : [program, args];

const SETTINGS = ["listen_addresses=127.0.0.1", "max_wal_size=64MB", "max_connections=200"];

/** A Postgres of the test's own, which it may maltreat. */
export class Postgres {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /**
   * @param directory Where its data is kept: an empty directory. Default: a temporary one.
   * @param settings Of the server, in the place of those that faults are tried with.
   */
  static async start(directory?: string, settings: readonly string[] = SETTINGS): Promise<Postgres> {
    directory ??= await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
    const postgres = new Postgres(directory, await freePort(), settings);
    await chmod(directory, 0o755);
    await mkdir(postgres.#data);
    if (isRoot) await run("chown", ["postgres:", postgres.#data]);
    await postgres.#run("initdb", ["-D", postgres.#data, "-A", "trust", "-U", "holdfast", "--no-sync"]);
    await postgres.launch();
    return postgres;
  }

  get #data(): string {
    return join(this.directory, "data");
  }

  /** A new database in it. */
  async newDatabase(name: string): Promise<string> {
    await this.query("postgres", `create database ${name}`);
    return this.url(name);
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  url(database: string): string {
    return `postgres://holdfast@127.0.0.1:${this.port}/${database}`;
  }

  /** What SQL prints. */
  async query(database: string, sql: string): Promise<string> {
    return await this.#run("psql", [this.url(database), "-XAtqc", sql]);
  }

  /** Ends every connection to a database. */
  async cut(database: string): Promise<void> {
    const everybodyElse = `datname = '${database}' and pid <> pg_backend_pid()`;
    await this.query(
      "postgres",
      `select pg_terminate_backend(pid) from pg_stat_activity where ${everybodyElse}`,
    );
  }

  /** Stops the server as `systemctl restart` does, leaves it down for a while and starts it again. */
  async restart(downMs: number): Promise<void> {
    await this.halt("SIGINT");
    await sleep(downMs);
    await this.launch();
  }

  /** Starts the server again if it has ended by itself, and waits until it answers. */
  async revive(): Promise<void> {
    if (this.isRunning) await this.#untilAnswering();
    else await this.launch();
  }

  async stop(): Promise<void> {
    await this.halt("SIGQUIT");
    // Where it is on a disk of its own, only that can be taken away.
    await rm(this.#data, { recursive: true, force: true });
    await rm(this.directory, { recursive: true }).catch(() => undefined);
  }

  /** Starts the server, and waits until it answers. */
  async launch(): Promise<void> {
    const settings = this.settings.flatMap((setting) => ["-c", setting]);
    const args = ["-D", this.#data, "-p", String(this.port), "-k", "", ...settings];
    const server = spawn(...asItsUser(join(programs()!, "postgres"), args), { stdio: "ignore" });
    tieToThisProcess(server);
    this.#server = server;
    await this.#untilAnswering();
  }

  async #untilAnswering(): Promise<void> {
    while (!(await this.query("postgres", "select 1").catch(() => undefined))) {
      const { exitCode } = this.#server!;
      if (exitCode !== null) throw new Error(`Postgres ended with code ${exitCode}.`);
      await sleep(50);
    }
  }

  /** Overwrites the beginning of a table's file, as a broken disk does, while the server is down for that. */
  async damage(database: string, table: string): Promise<void> {
    const file = join(this.#data, await this.query(database, `select pg_relation_filepath('${table}')`));
    await this.halt("SIGINT");
    const handle = await open(file, "r+");
    await handle.write(Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, 0).finally(() => handle.close());
    await this.launch();
  }

  /** Ends the server: SIGINT ends its sessions and leaves the data in order, SIGQUIT is a crash. */
  async halt(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (!server || !this.isRunning) return;
    const gone = once(server, "exit");
    server.kill(signal);
    await gone;
  }

  async #run(program: string, args: string[]): Promise<string> {
    const { stdout } = await run(...asItsUser(join(programs()!, program), args), { cwd: "/" });
    return stdout.trim();
  }
}
