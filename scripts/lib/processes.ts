import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import { atExit } from "./at-exit.js";

/** Throws a sentence if something listens on the port already; the program to be started would only say so late. */
export async function requireFreePort(port: number, host: string): Promise<void> {
  const server = createServer();
  const outcome = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve).listen(port, host, () => resolve(undefined));
  });
  if (outcome) {
    const why =
      outcome.code === "EADDRINUSE"
        ? "is taken: choose another, or stop what listens there"
        : outcome.message;
    throw new Error(`Port ${port} on ${host} ${why}.`);
  }
  await new Promise((resolve) => server.close(resolve));
}

/** A port on 127.0.0.1 that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server.address() as AddressInfo));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Kills the child when this process ends without having stopped it, so that no orphan keeps its port. */
export function tieToThisProcess(child: ChildProcess): void {
  child.once(
    "exit",
    atExit(() => void child.kill("SIGKILL")),
  );
}

/** How the child ended, or nothing while it runs. */
export function howItEnded(child: ChildProcess): string | undefined {
  if (child.exitCode !== null) return `ended with code ${child.exitCode}`;
  if (child.signalCode !== null) return `was ended by ${child.signalCode}`;
  return undefined;
}

/** Asks the child to stop, and kills it if it has not done so after `graceMs`. Resolves when it is gone. */
export async function stopProcess(
  child: ChildProcess,
  graceMs: number,
  signal: NodeJS.Signals = "SIGINT",
): Promise<void> {
  if (howItEnded(child)) return;
  const gone = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await gone;
  clearTimeout(timer);
}

/** Asks `isReady` again and again until it says so. Throws how the child ended, or that it took too long. */
export async function untilReady(
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isReady().catch(() => false))) {
    const end = howItEnded(child);
    if (end) throw new Error(end);
    if (Date.now() > deadline) throw new Error(`was not ready after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
