import { createTableRelationsHelpers, extractTablesRelationalConfig } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { PgRemoteDatabase, PgRemoteSession } from "drizzle-orm/pg-proxy";
import { sql } from "ponder";

/** What of Ponder's query builder the generated answers use. */
export interface QueryBuilder {
  raw: { execute(query: unknown): Promise<{ rows: Record<string, unknown>[] }> };
  wrap(...args: unknown[]): unknown;
}

interface Question {
  text: string;
  values: unknown[];
  resolve(rows: unknown[][]): void;
  reject(error: unknown): void;
}

/** Lists asked for in one statement; a statement has room for 1,600 columns. */
const MOST_IN_ONE = 100;

/**
 * Makes query builders that are what they are made of, but lists that are asked for at the same time become one
 * statement. The generated answers ask for the list of each row by itself: the events of fifty payments would be fifty
 * statements. Each request gets one of its own, so that nobody waits for a stranger's rows.
 */
export function batching(schema: Record<string, unknown>): (qb: QueryBuilder) => QueryBuilder {
  // What Drizzle's own `drizzle()` would find out again for every request.
  const dialect = new PgDialect({ casing: "snake_case" });
  const { tables, tableNamesMap } = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  const tableSchema = { fullSchema: schema, schema: tables, tableNamesMap };

  return (qb) => {
    const session = new PgRemoteSession(batch(qb), dialect, tableSchema);
    const db = new PgRemoteDatabase(dialect, session, tableSchema as never);
    return {
      raw: db as unknown as QueryBuilder["raw"],
      // With a label comes what is no list: Ponder's own question of how far it is.
      wrap: (...args) => (args.length === 1 ? (args[0] as (db: unknown) => unknown)(db) : qb.wrap(...args)),
    };
  };
}

/** Takes questions for as long as the rows of one level ask, and asks them together. */
function batch(qb: QueryBuilder) {
  let waiting: Question[] = [];
  const askAll = () => {
    const questions = waiting;
    waiting = [];
    for (let i = 0; i < questions.length; i += MOST_IN_ONE)
      void answer(qb, questions.slice(i, i + MOST_IN_ONE));
  };
  return (text: string, values: unknown[]) =>
    new Promise<{ rows: unknown[][] }>((resolve, reject) => {
      // Whatever the rows of one level ask for is asked before this comes to its turn.
      if (waiting.length === 0) setImmediate(askAll);
      waiting.push({ text, values, resolve: (rows) => resolve({ rows }), reject });
    });
}

/** Each question is a column of the one row: all its rows as JSON, in their order. */
async function answer(qb: QueryBuilder, questions: Question[]): Promise<void> {
  const columns = questions.map(
    (question, i) =>
      sql`(select coalesce(json_agg(t), '[]')::text from (${withValues(question)}) t) as ${sql.raw(`"${i}"`)}`,
  );
  try {
    const { rows } = await qb.raw.execute(sql`select ${sql.join(columns, sql`, `)}`);
    questions.forEach((question, i) => question.resolve(parseRows(rows[0]![i] as string)));
  } catch (error) {
    if (questions.length === 1) return questions[0]!.reject(error);
    // One bad question must not spoil the answers to the others.
    await Promise.all(questions.map((question) => answer(qb, [question])));
  }
}

/** The text again, with its `$1`, `$2` … as values of the statement that it becomes a part of. */
function withValues({ text, values }: Question) {
  const parts = text
    .split(/\$(\d+)/)
    .map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${sql.param(values[Number(part) - 1])}`));
  return sql.join(parts);
}

/**
 * Rows as lists of values; numbers that JavaScript cannot hold stay digits. To print one again does not tell: 10 ** 21 / 2
 * prints as it was read, and is another number as soon as it is counted with.
 */
function parseRows(json: string): unknown[][] {
  const exact = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? context?.source : value;
  const rows = JSON.parse(json, exact) as Record<string, unknown>[];
  return rows.map((row) => Object.values(row));
}
