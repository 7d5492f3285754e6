import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";

/** Writes down what was measured, by which command and on what machine. */
export async function writeResults(file: string, command: string, measured: object): Promise<void> {
  const [{ model } = { model: "unknown" }, ...others] = cpus();
  const machine = { cpu: model, cores: others.length + 1, node: process.version };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ command, machine, ...measured }, null, 2)}\n`);
}
