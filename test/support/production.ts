import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A program's output; throws what it complains of. */
export async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(command, args, { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(error.stderr ? error.stderr.trim() : error.message);
    },
  );
  return stdout;
}

/** The URL of another database of the same server, for somebody. */
export function databaseUrl(server: string, database: string, user?: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  if (user !== undefined) url.username = user;
  return url.href;
}

/** Runs SQL and returns its rows as text, columns separated by `|`. */
export const sql = async (url: string, statement: string) =>
  (
    await run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statement, url)
  ).trim();

/** Runs one of the SQL files of `indexer/database` with its variables. */
export const sqlFile = (url: string, file: string, variables: Record<string, string>) =>
  run(
    "psql",
    "--no-psqlrc",
    "--quiet",
    ...Object.entries(variables).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
    "--file",
    `indexer/database/${file}`,
    url,
  );

/** Makes an empty database with the roles of the read model, in place of one of that name. */
export async function newDatabase(server: string, database: string): Promise<void> {
  await sql(server, `drop database if exists ${database} with (force)`);
  await sql(server, `create database ${database}`);
  await sqlFile(databaseUrl(server, database), "roles.sql", { writer_password: "w", reader_password: "r" });
}

/**
 * A consumer that asks the same question again and again, of each replica in turn as a load balancer does, and keeps
 * every answer. A replica that is not there is passed over, as long as another is.
 */
export class Consumer<Answer> {
  readonly answers: Answer[] = [];
  readonly failures: string[] = [];
  #stopped = false;
  readonly #asking: Promise<void>;

  constructor(
    private readonly replicas: string[],
    private readonly ask: (url: string) => Promise<Answer>,
    private readonly pauseMs = 5,
  ) {
    this.#asking = this.#askOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #askOn(): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const turn = n % this.replicas.length;
      const inTurn = [...this.replicas.slice(turn), ...this.replicas.slice(0, turn)];
      try {
        this.answers.push(await this.#askFirst(inTurn));
      } catch (error) {
        this.failures.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
  }

  async #askFirst([url, ...others]: string[]): Promise<Answer> {
    try {
      return await this.ask(url!);
    } catch (error) {
      const isGone = error instanceof TypeError && error.message === "fetch failed";
      if (!isGone || others.length === 0) throw error;
      return this.#askFirst(others);
    }
  }
}
