import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import Table from "cli-table3";

import { ReadModel } from "../scripts/lib/read-model.js";
import { rounded } from "./lib/figures.js";
import { startIndexing } from "./lib/indexing/backfill.js";
import { DATABASES, startDatabases, type DatabaseName } from "./lib/indexing/databases.js";
import { machine } from "./lib/machine.js";
import { startPaymentChain } from "./lib/payments/chain.js";
import { requireAgreement } from "./lib/querying/agreement.js";
import { underLoad, type Load } from "./lib/querying/clients.js";
import { openGraphql } from "./lib/querying/graphql.js";
import { QUESTION_NAMES, QUESTIONS, type QuestionName, type Variables } from "./lib/querying/questions.js";
import { askByHand, openSql, type Sql } from "./lib/querying/sql.js";
import { variablesOf, withCursors } from "./lib/querying/variables.js";
import { measuredSources } from "./lib/sources.js";

/*
 * npm run bench:query: how fast the questions that people ask most are answered over 100,000 payments while 64 clients
 * ask at the same time, in GraphQL and in SQL by hand. Writes bench/results/query.json; fails if what was promised is
 * not kept. BENCH_PAYMENTS=1000 tries it out and writes nothing.
 */

const COMMAND = "npm run bench:query";
const PAYMENTS = 100_000;
const CLIENTS = 64;
const SECONDS = 8;
const SCHEMA = "holdfast";
/** How many times as long as by hand the slowest twentieth of the answers may take. */
const LIMITS = { p95RatioToSql: 3 };
const RESULTS = fileURLToPath(new URL("results/query.json", import.meta.url));

const payments = Number(process.env.BENCH_PAYMENTS ?? PAYMENTS);
type ByQuestion<Of> = Record<QuestionName, Of>;

await using databases = await startDatabases();
await using chain = await startPaymentChain();
await chain.growTo(payments);

/** Measures one question after the other. */
async function forEach<Of>(measure: (name: QuestionName) => Promise<Of>): Promise<ByQuestion<Of>> {
  const found = {} as ByQuestion<Of>;
  for (const name of QUESTION_NAMES) found[name] = await measure(name);
  return found;
}

const inGraphql = async (url: string, name: QuestionName, variables: Variables[]) => {
  using endpoint = openGraphql(url, CLIENTS);
  return await underLoad(CLIENTS, SECONDS, (n) => {
    const ask = () => endpoint.ask(QUESTIONS[name].graphql, variables[n % variables.length]);
    // A server may close a kept connection at the moment it is used again: clients then ask once more, and wait longer.
    return ask().catch((error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? ask() : Promise.reject(error),
    );
  });
};
const inSql = (sql: Sql, name: QuestionName, variables: Variables[]) =>
  underLoad(CLIENTS, SECONDS, (n) => askByHand(sql, QUESTIONS[name], variables[n % variables.length]!));

interface Measured {
  graphql: ByQuestion<Load>;
  sql: ByQuestion<Load>;
}

let variables: ByQuestion<Variables[]>;

async function measurePostgres(): Promise<Measured> {
  await using database = await databases.postgres();
  const indexer = await startIndexing(chain, database);
  try {
    await using sql = await openSql(database, SCHEMA, CLIENTS);
    // As autovacuum leaves it a minute later.
    await sql.query("vacuum analyze");
    const readModel = new ReadModel(indexer.url);
    variables = await forEach(async (name) => {
      const question = QUESTIONS[name];
      const found = await withCursors(question, await variablesOf(question, sql), readModel);
      await requireAgreement(question, found.slice(0, 20), readModel, sql);
      return found;
    });
    return {
      graphql: await forEach((name) => inGraphql(indexer.url, name, variables[name])),
      sql: await forEach((name) => inSql(sql, name, variables[name])),
    };
  } finally {
    await indexer.stop();
  }
}

/** PGlite lets nobody else in while the indexer runs; so SQL has its turn afterwards. */
async function measurePglite(): Promise<Measured> {
  await using database = await databases.pglite();
  const indexer = await startIndexing(chain, database);
  let graphql: ByQuestion<Load>;
  try {
    graphql = await forEach((name) => inGraphql(indexer.url, name, variables[name]));
  } finally {
    await indexer.stop();
  }
  await using sql = await openSql(database, SCHEMA, CLIENTS);
  return { graphql, sql: await forEach((name) => inSql(sql, name, variables[name])) };
}

type Figures = ReturnType<typeof figuresOf>;

/** The figures of one database as results have them; the worst question stands for all. */
function figuresOf({ graphql, sql }: Measured) {
  const questions = Object.fromEntries(
    QUESTION_NAMES.map((name) => [
      name,
      {
        title: QUESTIONS[name].title,
        ...graphql[name],
        p95RatioToSql: rounded(graphql[name].p95Ms / sql[name].p95Ms),
        sql: sql[name],
      },
    ]),
  );
  const worst = (of: "p95Ms" | "p95RatioToSql") =>
    Math.max(...Object.values(questions).map((figures) => figures[of]));
  return { p95Ms: worst("p95Ms"), p95RatioToSql: worst("p95RatioToSql"), questions };
}

function print(database: DatabaseName, { questions }: Figures): void {
  const table = new Table({
    head: [database, "p50 ms", "p95 ms", "p99 ms", "a second", "p95 of SQL"],
    style: { compact: true, head: [], border: [] },
  });
  for (const { title, p50Ms, p95Ms, p99Ms, requestsPerSecond, p95RatioToSql } of Object.values(questions)) {
    table.push([title, p50Ms, p95Ms, p99Ms, requestsPerSecond, `× ${p95RatioToSql}`]);
  }
  console.log(table.toString());
}

// Its variables are those of the other too.
const postgres = figuresOf(await measurePostgres());
print("postgres", postgres);
const pglite = figuresOf(await measurePglite());
print("pglite", pglite);
const figures: Record<DatabaseName, Figures> = { pglite, postgres };

if (payments === PAYMENTS) {
  const results = {
    command: COMMAND,
    machine: machine(),
    code: await measuredSources(),
    limits: LIMITS,
    payments,
    clients: CLIENTS,
    databases: figures,
  };
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}
for (const database of DATABASES) {
  const { p95RatioToSql } = figures[database];
  if (p95RatioToSql > LIMITS.p95RatioToSql) {
    console.error(
      `${database}: p95 is up to ${p95RatioToSql} times that of SQL; ${LIMITS.p95RatioToSql} were promised.`,
    );
    process.exitCode = 1;
  }
}
