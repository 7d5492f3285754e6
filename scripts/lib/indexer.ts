import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { fetchAgain } from "./fetch-again.js";
import { writeIndexerAbis } from "./indexer-abis.js";
import type { IndexDatabase } from "./indexing/database.js";
import { requireChains } from "./indexing/endpoints.js";
import { noteWriter, releaseLockOfTheDead } from "./indexing/writer.js";
import { latestBlock } from "./json-rpc.js";
import { howItEnded, requireFreePort, stopProcess, tieToThisProcess, untilReady } from "./processes.js";

/** An indexer's process, which may not answer yet. */
export interface IndexerProcess {
  /** Where it answers: GraphQL at `/` and `/graphql`, SQL at `/sql`, `/health`, `/ready`, `/status`, `/metrics`. */
  url: string;
  pid: number;
  /** Resolves when the process has ended, asked to or not, with a sentence and its last log lines. */
  ended: Promise<string>;
  /** Waits until it has processed all that its chains have now. Throws a sentence if it does not get there. */
  untilCaughtUp(timeoutSeconds: number): Promise<void>;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** A running indexer. */
export interface Indexer extends IndexerProcess {
  /** Milliseconds from start until it had caught up. */
  readyAfterMs: number;
}

export interface IndexerOptions {
  /** Directory of the Ponder app. Default: this project's. */
  root?: string;
  /** Directory with the deployment records of the chains to index. */
  recordsDir: string;
  /** RPC endpoints by chain id; several of one chain are used side by side. */
  rpcUrls: Record<number, string | string[]>;
  /** Where it listens, on 127.0.0.1 only. */
  port: number;
  /** Directory of its own PGlite database. Either this or `databaseUrl`. */
  databaseDir?: string;
  /** Postgres connection string. */
  databaseUrl?: string;
  /** Database schema the tables go to. Default `holdfast`. */
  schema?: string;
  /** `start` indexes and answers, `serve` only answers, from a Postgres that another process writes. Default `start`. */
  command?: "start" | "serve";
  /** More command line arguments of Ponder, such as `--log-format json`. */
  args?: string[];
  /** The last block to index, by chain id. Default: whatever comes. */
  lastBlocks?: Readonly<Record<number, number>>;
  /** More environment variables. */
  env?: Record<string, string>;
  /** Seconds to wait until it has caught up. Default 120. */
  timeoutSeconds?: number;
  /** Milliseconds between two looks whether it has caught up. Default 50. */
  lookEveryMs?: number;
  /** Receives every line it logs. Default: nothing is shown unless it fails. */
  onLog?: (line: string) => void;
}

const HOST = "127.0.0.1";
const REMEMBERED_LINES = 20;
const ownRoot = fileURLToPath(new URL("../../indexer", import.meta.url));

/**
 * Starts the indexer as a process of its own and waits until it has processed all that its chains have now, which is
 * later than `/ready`: that only speaks of finalized blocks.
 * Throws a sentence, with the last log lines, if it dies on the way or the port is taken.
 */
export async function startIndexer(options: IndexerOptions): Promise<Indexer> {
  const startedAt = Date.now();
  const indexer = await launchIndexer(options);
  try {
    await indexer.untilCaughtUp(options.timeoutSeconds ?? 120);
  } catch (problem) {
    await indexer.stop();
    throw problem;
  }
  return { ...indexer, readyAfterMs: Date.now() - startedAt };
}

/** Starts the indexer as a process of its own, which ends when this one does. Throws a sentence if the port is taken. */
export async function launchIndexer(options: IndexerOptions): Promise<IndexerProcess> {
  // Ponder would silently take the next free port.
  await requireFreePort(options.port, HOST);
  await requireChains(options.rpcUrls);
  await writeIndexerAbis();
  const database = databaseOf(options);
  const schema = options.schema ?? "holdfast";
  // Neither is worth not starting for: at worst it waits for the lock, and says what is wrong with the database itself.
  await releaseLockOfTheDead(database, schema).catch(() => false);

  const { child, lastLines } = spawnPonder(options);
  if (child.pid !== undefined) await noteWriter(database, schema, child.pid).catch(() => {});
  const tell = (problem: string) => `The indexer ${problem}. It said last:\n${lastLines.join("\n")}`;
  const ended = once(child, "close").then(() => tell(howItEnded(child)!));
  const url = `http://${HOST}:${options.port}`;
  return {
    url,
    pid: child.pid!,
    ended,
    signal: (signal) => child.kill(signal),
    // Ponder gives itself 5 s to shut down.
    stop: async () => {
      await stopProcess(child, 7000);
      await ended;
    },
    untilCaughtUp: async (timeoutSeconds) => {
      const heads = await headsOf(options);
      const hasCaughtUp = async () => {
        if (!(await fetch(`${url}/ready`)).ok) return false;
        const indexed = await Promise.all(heads.map(({ chainId }) => indexedBlock(url, chainId)));
        return heads.every(({ block }, i) => indexed[i]! >= block);
      };
      await untilReady(child, hasCaughtUp, timeoutSeconds * 1000, options.lookEveryMs).catch(
        async (problem: Error) => {
          if (howItEnded(child)) await ended;
          throw new Error(tell(problem.message));
        },
      );
    },
  };
}

function headsOf(options: IndexerOptions): Promise<{ chainId: number; block: number }[]> {
  return Promise.all(
    Object.entries(options.rpcUrls).map(async ([chainId, urls]) => ({
      chainId: Number(chainId),
      block: options.lastBlocks?.[Number(chainId)] ?? (await latestBlock([urls].flat()[0]!)),
    })),
  );
}

function spawnPonder({ root = ownRoot, ...options }: IndexerOptions): {
  child: ChildProcess;
  lastLines: string[];
} {
  const child = spawn(
    process.execPath,
    [
      ...["--import", new URL("ends-with-its-parent.js", import.meta.url).href],
      ...[ponderCli(), options.command ?? "start", "--root", root, "--schema", options.schema ?? "holdfast"],
      ...["--hostname", HOST, ...(options.args ?? [])],
    ],
    { cwd: root, env: environment(options), stdio: ["pipe", "pipe", "pipe"] },
  );
  tieToThisProcess(child);
  const lastLines: string[] = [];
  const listen = (line: string) => {
    lastLines.push(line);
    if (lastLines.length > REMEMBERED_LINES) lastLines.shift();
    options.onLog?.(line);
  };
  createInterface({ input: child.stdout }).on("line", listen);
  createInterface({ input: child.stderr }).on("line", listen);
  return { child, lastLines };
}

/**
 * Waits until the indexer at `url` has processed a block of a chain.
 * @param timeoutSeconds Default 30.
 */
export async function untilIndexed(
  url: string,
  chainId: number,
  block: number,
  timeoutSeconds = 30,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const indexed = await indexedBlock(url, chainId);
    if (indexed >= block) return;
    if (Date.now() > deadline) {
      throw new Error(
        `After ${timeoutSeconds} s the indexer is at block ${indexed} of chain ${chainId}, not ${block}.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The chains that the indexer at `url` follows. */
export async function indexedChainIds(url: string): Promise<number[]> {
  const status = (await (await fetchAgain(`${url}/status`)).json()) as Record<string, { id: number }>;
  return Object.values(status).map(({ id }) => id);
}

/** The last block of a chain that the indexer at `url` has processed. */
export async function indexedBlock(url: string, chainId: number): Promise<number> {
  const response = await fetchAgain(`${url}/status`);
  const status = (await response.json()) as Record<string, { id: number; block: { number: number } }>;
  const chain = Object.values(status).find(({ id }) => id === chainId);
  if (!chain) throw new Error(`The indexer at ${url} does not index chain ${chainId}.`);
  return chain.block.number;
}

function ponderCli(): string {
  return fileURLToPath(new URL("bin/ponder.js", import.meta.resolve("ponder")));
}

function databaseOf({ databaseDir, databaseUrl }: IndexerOptions): IndexDatabase {
  if (databaseDir !== undefined && databaseUrl === undefined) return { databaseDir };
  if (databaseUrl !== undefined && databaseDir === undefined) return { databaseUrl };
  throw new Error("The indexer needs either databaseDir or databaseUrl.");
}

function environment(options: IndexerOptions): NodeJS.ProcessEnv {
  const endpoints = Object.entries(options.rpcUrls).map(([chainId, urls]) => [
    `PONDER_RPC_URL_${chainId}`,
    [urls].flat().join(","),
  ]);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...(Object.fromEntries(endpoints) as Record<string, string>),
    // The checks of graphql-js that help while it is developed cost every field of every answer.
    NODE_ENV: "production",
    // Overrides --port, so it must not leak in from outside.
    PORT: String(options.port),
    HOLDFAST_RECORDS_DIR: options.recordsDir,
    HOLDFAST_CHAINS: Object.keys(options.rpcUrls).join(","),
    ...Object.fromEntries(
      Object.entries(options.lastBlocks ?? {}).map(([id, block]) => [
        `HOLDFAST_LAST_BLOCK_${id}`,
        String(block),
      ]),
    ),
    HOLDFAST_PGLITE_DIR: options.databaseDir,
    DATABASE_URL: options.databaseUrl,
    ...options.env,
  };
  delete env.DATABASE_PRIVATE_URL;
  // What is said here is said: a file that this process had it from would contradict it.
  const given = [...endpoints.map(([name]) => name!), "DATABASE_URL"];
  for (const name of given.filter((one) => options.env?.[`${one}_FILE`] === undefined))
    delete env[`${name}_FILE`];
  return env;
}
