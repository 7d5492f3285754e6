import { PGlite } from "@electric-sql/pglite";
import { Pool } from "pg";

import type { Database } from "../indexing/databases.js";
import type { Question, Variables } from "./questions.js";

/** A database that is asked directly. */
export interface Sql extends AsyncDisposable {
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Opens the tables of an indexer, which must have stopped if they are PGlite's. */
export async function openSql(
  { options }: Pick<Database, "options">,
  schema: string,
  connections: number,
): Promise<Sql> {
  if ("databaseDir" in options) {
    const pglite = await PGlite.create(options.databaseDir);
    await pglite.query(`set search_path to "${schema}"`);
    return {
      query: async (text, values) => (await pglite.query<Record<string, unknown>>(text, values)).rows,
      [Symbol.asyncDispose]: () => pglite.close(),
    };
  }
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: connections,
    options: `-c search_path=${schema}`,
  });
  return {
    query: async (text, values) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Asks a question by hand. */
export async function askByHand(sql: Sql, question: Question, variables: Variables): Promise<unknown[][]> {
  const answers: unknown[][] = [];
  for (const { text, values } of question.sql) {
    answers.push(
      await sql.query(
        text,
        values.map((name) => variables[name]),
      ),
    );
  }
  return answers;
}
