import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { docBlocks } from "./doc-blocks.js";

/** Runs commands as somebody types them; throws what they complain of. */
async function bash(commands: string, variables: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", commands], {
    env: { ...process.env, PSQLRC: "/dev/null", ...variables },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: Error & { stderr?: string }) => {
    throw new Error(error.stderr ? error.stderr.trim() : error.message);
  });
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
    await bash('psql --quiet --tuples-only --no-align --command "$STATEMENT" "$URL"', {
      STATEMENT: statement,
      URL: url,
    })
  ).trim();

/** Runs a block of commands of docs/production.md, with the variables that the page tells of. */
export async function asThePageSays(block: string, variables: Record<string, string>): Promise<string> {
  const blocks = await docBlocks("docs/production.md", "sh", "run");
  const found = blocks.find(({ name }) => name === block);
  if (!found) throw new Error(`docs/production.md has no block of commands called ${block}.`);
  return bash(found.code, variables);
}

/** Of the roles that {@link newDatabase} makes. */
export const PASSWORDS = { writer: "writes", reader: "reads" };

/** Makes an empty database with the roles of the read model, in place of one of that name. */
export async function newDatabase(server: string, database: string): Promise<void> {
  await sql(server, `drop database if exists ${database} with (force)`);
  await asThePageSays("database", {
    SERVER: server.replace(/\/[^/]*$/, ""),
    DATABASE: database,
    WRITER_PASSWORD: PASSWORDS.writer,
    READER_PASSWORD: PASSWORDS.reader,
  });
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
      // As a proxy does: a replica that is being stopped may answer with status 500 what it had begun.
      const { message } = error as Error;
      const isGone = message === "fetch failed" || message.startsWith("The read model could not answer");
      if (!isGone || others.length === 0) throw error;
      return this.#askFirst(others);
    }
  }
}
