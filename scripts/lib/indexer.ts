import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { writeIndexerAbis } from "./indexer-abis.js";
import { latestBlock } from "./json-rpc.js";
import { howItEnded, requireFreePort, stopProcess, tieToThisProcess, untilReady } from "./processes.js";

/** A running indexer. */
export interface Indexer {
  /** Where it answers: GraphQL at `/` and `/graphql`, SQL at `/sql`, `/health`, `/ready`, `/status`, `/metrics`. */
  url: string;
  pid: number;
  /** Milliseconds from start until it had caught up. */
  readyAfterMs: number;
  /** Resolves when the process has ended, asked to or not, with a sentence and its last log lines. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface IndexerOptions {
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
  /** Directory of another Ponder app than ours, to compare it with. */
  root?: string;
  /** Seconds to wait until it has caught up. Default 120. */
  timeoutSeconds?: number;
  /** Milliseconds between two looks whether it has caught up. Default 50. */
  lookEveryMs?: number;
  /** Receives every line it logs. Default: nothing is shown unless it fails. */
  onLog?: (line: string) => void;
}

const HOST = "127.0.0.1";
const REMEMBERED_LINES = 20;
const INDEXER = fileURLToPath(new URL("../../indexer", import.meta.url));

/**
 * Starts the indexer as a process of its own and waits until it has processed all that its chains have now, which is
 * later than `/ready`: that only speaks of finalized blocks.
 * Throws a sentence, with the last log lines, if it dies on the way or the port is taken.
 */
export async function startIndexer(options: IndexerOptions): Promise<Indexer> {
  const { port, timeoutSeconds = 120 } = options;
  // Ponder would silently take the next free port.
  await requireFreePort(port, HOST);
  await writeIndexerAbis();
  const heads = await Promise.all(
    Object.entries(options.rpcUrls).map(async ([chainId, urls]) => ({
      chainId: Number(chainId),
      block: await latestBlock([urls].flat()[0]!),
    })),
  );

  const startedAt = Date.now();
  const { child, lastLines } = spawnPonder(options);
  const tell = (problem: string) => `The indexer ${problem}. It said last:\n${lastLines.join("\n")}`;
  const ended = once(child, "close").then(() => tell(howItEnded(child)!));
  const url = `http://${HOST}:${port}`;
  const hasCaughtUp = async () => {
    if (!(await fetch(`${url}/ready`)).ok) return false;
    const indexed = await Promise.all(heads.map(({ chainId }) => indexedBlock(url, chainId)));
    return heads.every(({ block }, i) => indexed[i]! >= block);
  };
  // Ponder gives itself 5 s to shut down.
  const stop = () => stopProcess(child, 7000);
  try {
    await untilReady(child, hasCaughtUp, timeoutSeconds * 1000, options.lookEveryMs);
  } catch (problem) {
    await stop();
    await ended;
    throw new Error(tell((problem as Error).message));
  }
  return { url, pid: child.pid!, readyAfterMs: Date.now() - startedAt, ended, stop };
}

function spawnPonder(options: IndexerOptions): { child: ChildProcess; lastLines: string[] } {
  const { root = INDEXER } = options;
  const child = spawn(
    process.execPath,
    [
      ...[ponderCli(), options.command ?? "start", "--root", root, "--schema", options.schema ?? "holdfast"],
      ...["--hostname", HOST, ...(options.args ?? [])],
    ],
    { cwd: root, env: environment(options), stdio: ["ignore", "pipe", "pipe"] },
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

/** The last block of a chain that the indexer at `url` has processed. */
export async function indexedBlock(url: string, chainId: number): Promise<number> {
  const response = await fetch(`${url}/status`);
  const status = (await response.json()) as Record<string, { id: number; block: { number: number } }>;
  const chain = Object.values(status).find(({ id }) => id === chainId);
  if (!chain) throw new Error(`The indexer at ${url} does not index chain ${chainId}.`);
  return chain.block.number;
}

function ponderCli(): string {
  return fileURLToPath(new URL("bin/ponder.js", import.meta.resolve("ponder")));
}

function environment(options: IndexerOptions): NodeJS.ProcessEnv {
  if ((options.databaseDir === undefined) === (options.databaseUrl === undefined)) {
    throw new Error("The indexer needs either databaseDir or databaseUrl.");
  }
  const endpoints = Object.entries(options.rpcUrls).map(([chainId, urls]) => [
    `PONDER_RPC_URL_${chainId}`,
    [urls].flat().join(","),
  ]);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...(Object.fromEntries(endpoints) as Record<string, string>),
    // Overrides --port, so it must not leak in from outside.
    PORT: String(options.port),
    HOLDFAST_RECORDS_DIR: options.recordsDir,
    HOLDFAST_CHAINS: Object.keys(options.rpcUrls).join(","),
    HOLDFAST_PGLITE_DIR: options.databaseDir,
    DATABASE_URL: options.databaseUrl,
  };
  delete env.DATABASE_PRIVATE_URL;
  return env;
}
