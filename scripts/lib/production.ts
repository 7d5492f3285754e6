import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { docBlocks } from "./pages/doc-blocks.js";

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
