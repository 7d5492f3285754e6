import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import path from "node:path";

import { atExit } from "./at-exit.js";
import { latestBlock } from "./json-rpc.js";
import { howItEnded, requireFreePort, stopProcess, tieToThisProcess, untilReady } from "./processes.js";

/** A running anvil. */
export interface Anvil {
  url: string;
  /** Resolves when the process has ended, asked to or not, with a sentence and what it complained of. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";

/** The binary of the platform's package: the wrapper around it swallows exit codes. */
function anvilBinary(): string {
  const machine = arch() === "x64" ? "amd64" : arch();
  const suffix = platform() === "win32" ? ".exe" : "";
  const name = `@foundry-rs/anvil-${platform()}-${machine}/bin/anvil${suffix}`;
  // Found from the wrapper's place, since the platform packages are its dependencies and not ours.
  return createRequire(createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json")).resolve(
    name,
  );
}

/**
 * Starts a local chain and waits until it answers.
 * @param options.port Where it listens, on 127.0.0.1 only.
 * @param options.chainId Default 31337.
 * @param options.args More command line arguments, such as `--fork-url` or `--block-time`.
 */
export async function startAnvil(options: {
  port: number;
  chainId?: number;
  args?: string[];
}): Promise<Anvil> {
  const { port, chainId = 31337, args = [] } = options;
  await requireFreePort(port, HOST);
  const url = `http://${HOST}:${port}`;
  // The states of a long chain go to disk, gigabytes of them, and anvil leaves them there when it is killed.
  const states = await mkdtemp(path.join(tmpdir(), "holdfast-anvil-"));
  const own = ["--silent", "--host", HOST, "--port", String(port), "--chain-id", String(chainId)];
  const child = spawn(anvilBinary(), [...own, "--cache-path", states, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  tieToThisProcess(child);
  const leaveToUs = atExit(() => rmSync(states, { recursive: true, force: true, maxRetries: 3 }));
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => (complaint = (complaint + data.toString()).slice(-2000)));
  const tell = (problem: string) => `anvil on port ${port} ${problem}. ${complaint}`.trim();
  const ended = once(child, "close").then(async () => {
    await rm(states, { recursive: true, force: true });
    leaveToUs();
    return tell(howItEnded(child)!);
  });
  const stop = async () => {
    await stopProcess(child, 3000);
    await ended;
  };
  try {
    await untilReady(child, async () => (await latestBlock(url)) >= 0, 20_000);
  } catch (problem) {
    await stop();
    throw new Error(tell((problem as Error).message));
  }
  return { url, ended, stop };
}
