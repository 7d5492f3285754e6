import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import hre from "hardhat";

import { writeRecord, type DeploymentRecord } from "../../deploy/index.js";
import { recordPath } from "../../deploy/record.js";

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npx hardhat <words>` against the local chain at `url`. */
export async function hardhat(url: string, ...words: readonly string[]): Promise<Ended> {
  return await hardhatWith({ LOCAL_RPC_URL: url }, "--network", "local", ...words);
}

/** Runs `npx hardhat <words>` with more environment variables. */
export async function hardhatWith(
  variables: Record<string, string | undefined>,
  ...words: readonly string[]
): Promise<Ended> {
  return await run(words, variables);
}

/** As {@link hardhatWith}, by somebody who answers when something is asked. */
export function hardhatAnswering(
  answer: () => Promise<string>,
  variables: Record<string, string | undefined>,
  ...words: readonly string[]
): Promise<Ended> {
  return run(words, variables, answer);
}

/** Does some work while `record` is that of its chain, and puts back what was there. */
export async function withRecord<Result>(
  record: DeploymentRecord,
  work: () => Promise<Result>,
): Promise<Result> {
  const file = recordPath(record.chainId);
  const before = await readFile(file, "utf8").catch(() => undefined);
  await writeRecord(record);
  try {
    return await work();
  } finally {
    await (before === undefined ? rm(file) : writeFile(file, before));
  }
}

function run(
  words: readonly string[],
  variables: Record<string, string | undefined>,
  answer?: () => Promise<string>,
): Promise<Ended> {
  const { root } = hre.config.paths;
  const cli = path.join(root, "node_modules", "hardhat", "dist", "src", "cli.js");
  const env = { ...process.env, NO_COLOR: "1", ...variables };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...words], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    if (answer === undefined) return;
    let said = "";
    const listen = (data: string) => {
      said += data;
      if (!said.endsWith(": ")) return;
      child.stderr!.off("data", listen);
      void answer().then((line) => child.stdin!.end(`${line}\n`));
    };
    child.stderr!.on("data", listen);
  });
}
