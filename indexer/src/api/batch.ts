import type { PGlite } from "@electric-sql/pglite";
import { createTableRelationsHelpers, extractTablesRelationalConfig } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { PgRemoteDatabase, PgRemoteSession } from "drizzle-orm/pg-proxy";
import type { Pool } from "pg";

import { inOurWords, isOfOneQuestion } from "./sqlstate.js";

/** What of Ponder's query builder the generated answers use. */
export interface QueryBuilder {
  raw: { $client: unknown };
  $dialect: "pglite" | "postgres";
  wrap(...args: unknown[]): unknown;
}

export interface Statement {
  text: string;
  values: unknown[];
}

export type Row = Record<string, unknown>;

/** Asks for the rows of a statement, in one with all that are asked for at the same time. */
export type Ask = (statement: Statement) => Promise<Row[]>;

interface Question extends Statement, PromiseWithResolvers<Row[]> {}

/** Lists asked for in one statement; a statement has room for 1,600 columns. */
const MOST_IN_ONE = 100;

/**
 * Lists that are asked for at the same time become one statement, and equal ones one list of it. The answers ask for the
 * list of each row by itself: the events of fifty payments would be fifty statements. Each request gets one of its own, so
 * that nobody waits for a stranger's rows.
 */
export function batched(qb: QueryBuilder): Ask {
  let waiting = new Map<string, Question>();
  const askAll = () => {
    const questions = [...waiting.values()];
    waiting = new Map();
    for (let i = 0; i < questions.length; i += MOST_IN_ONE)
      void answer(qb, questions.slice(i, i + MOST_IN_ONE));
  };
  return (statement) => {
    const key = keyOf(statement);
    const equal = waiting.get(key);
    if (equal) return equal.promise;
    // Whatever the rows of one level ask for is asked before this comes to its turn.
    if (waiting.size === 0) setImmediate(askAll);
    const question = { ...statement, ...Promise.withResolvers<Row[]>() };
    waiting.set(key, question);
    return question.promise;
  };
}

/** Makes query builders that are what they are made of, but ask in batches. */
export function batching(
  schema: Record<string, unknown>,
): (qb: QueryBuilder, ask: Ask) => Pick<QueryBuilder, "raw" | "wrap"> {
  // What Drizzle's own `drizzle()` would find out again for every request.
  const dialect = new PgDialect({ casing: "snake_case" });
  const { tables, tableNamesMap } = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  const tableSchema = { fullSchema: schema, schema: tables, tableNamesMap };

  return (qb, ask) => {
    // Drizzle knows its columns by their place.
    const askForLists = async (text: string, values: unknown[]) => ({
      rows: (await ask({ text, values })).map((row) => Object.values(row)),
    });
    let db: PgRemoteDatabase<never> | undefined;
    const open = () =>
      (db ??= new PgRemoteDatabase(
        dialect,
        new PgRemoteSession(askForLists, dialect, tableSchema),
        tableSchema as never,
      ));
    return {
      // Most questions do without.
      get raw() {
        return open() as never;
      },
      // With a label comes what is no list: Ponder's own question of how far it is.
      wrap: (...args) =>
        args.length === 1 ? (args[0] as (db: unknown) => unknown)(open()) : qb.wrap(...args),
    };
  };
}

async function answer(qb: QueryBuilder, questions: Question[]): Promise<void> {
  const [first, ...others] = questions as [Question, ...Question[]];
  try {
    if (others.length === 0) return first.resolve(await rowsOnce(qb, first));
    const [row] = await rowsOnce(qb, inOne(questions));
    questions.forEach((question, i) => question.resolve(parseRows(row![`_${i}`] as string)));
  } catch (error) {
    if (others.length === 0) return first.reject(inOurWords(error));
    // A database that is short of something would be asked a hundred times in place of once.
    if (!isOfOneQuestion(error)) return questions.forEach((question) => question.reject(error));
    // One bad question must not spoil the answers to the others.
    await Promise.all(questions.map((question) => answer(qb, [question])));
  }
}

/** The statements that were sent in this turn of the event loop. */
const justSent = new Map<string, Promise<Row[]>>();

/**
 * Those who ask the same in the same turn, such as everybody who has a dashboard open, share the rows: all of them had asked
 * before the statement was sent, so nobody gets rows that are older than their question.
 */
function rowsOnce(qb: QueryBuilder, statement: Statement): Promise<Row[]> {
  const key = keyOf(statement);
  const sent = justSent.get(key);
  if (sent) return sent;
  // Whoever asks later has their turn after this.
  if (justSent.size === 0) setImmediate(() => justSent.clear());
  const rows = rowsOf(qb, statement);
  justSent.set(key, rows);
  return rows;
}

function keyOf({ text, values }: Statement): string {
  const written = (_key: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);
  return JSON.stringify([text, values], written);
}

const rowsOf = async ({ raw, $dialect }: QueryBuilder, { text, values }: Statement): Promise<Row[]> =>
  $dialect === "pglite"
    ? (await (raw.$client as PGlite).query<Row>(text, values)).rows
    : (await (raw.$client as Pool).query<Row>(text, values)).rows;

/** Each question becomes a column of the one row: all its rows as JSON, in their order. */
function inOne(questions: Question[]): Statement {
  const values: unknown[] = [];
  const columns = questions.map((question, i) => {
    const before = values.length;
    values.push(...question.values);
    const text = question.text.replace(/\$(\d+)/g, (_, n: string) => `$${before + Number(n)}`);
    return `(select coalesce(json_agg(t), '[]')::text from (${text}) t) as _${i}`;
  });
  return { text: `select ${columns.join(", ")}`, values };
}

/**
 * Numbers that JavaScript cannot hold stay digits. To print one again does not tell: 10 ** 21 / 2 prints as it was read,
 * and is another number as soon as it is counted with.
 */
function parseRows(json: string): Row[] {
  const exact = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? context?.source : value;
  return JSON.parse(json, exact) as Row[];
}
