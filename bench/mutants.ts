import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import mutants from "./mutants.json" with { type: "json" };

/*
 * npm run test:mutants: plants one fault at a time in a copy of the contracts and runs the invariants against it. An
 * invariant that no fault breaks proves nothing. Fails if a fault goes unseen; writes bench/results/mutants.json.
 */

type Mutant = (typeof mutants)[number];

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const RESULTS = path.join(ROOT, "bench/results/mutants.json");
/** What the copy needs to compile and run the invariants. */
const COPIED = ["contracts", "deploy", "scripts", "test/solidity", "hardhat.config.ts", "package.json"];
const LINKED = ["node_modules"];
const INVARIANTS = "test/solidity/invariants/Invariants.t.sol";

/** A copy of the repository that may be broken. */
async function withCopy<Result>(use: (copy: string) => Promise<Result>): Promise<Result> {
  const copy = await mkdtemp(path.join(tmpdir(), "holdfast-mutants-"));
  try {
    for (const name of COPIED) await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    for (const name of LINKED) await symlink(path.join(ROOT, name), path.join(copy, name));
    return await use(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Runs the invariants in the copy; answers with what a broken one said, or undefined if all held. */
async function complaintOf(copy: string): Promise<string | undefined> {
  const hardhat = (...args: string[]) =>
    promisify(execFile)("hardhat", args, { cwd: copy, maxBuffer: 1 << 28 });
  // Testing one file would compile that file alone, and not the artifacts that it deploys.
  await hardhat("build", "--quiet");
  try {
    await hardhat("test", "solidity", "--no-compile", INVARIANTS);
    return undefined;
  } catch (problem) {
    const { stdout = "", stderr = "" } = problem as { stdout?: string; stderr?: string };
    const output = stdout + stderr;
    const complaint = /Rule \d is broken: [^"\n]*/.exec(output)?.[0] ?? /Reason: [^\n]*/.exec(output)?.[0];
    if (!complaint)
      throw new Error(`The invariants did not run:\n${output.slice(-3000)}`, { cause: problem });
    return complaint.trim();
  }
}

async function tryMutant(copy: string, { file, from, to }: Mutant): Promise<string | undefined> {
  const target = path.join(copy, file);
  const original = await readFile(target, "utf8");
  if (original.split(from).length !== 2) {
    throw new Error(`${file} does not contain exactly once what the fault replaces:\n${from}`);
  }
  await writeFile(
    target,
    original.replace(from, () => to),
  );
  try {
    return await complaintOf(copy);
  } finally {
    await writeFile(target, original);
  }
}

const results = await withCopy(async (copy) => {
  const complaint = await complaintOf(copy);
  if (complaint) throw new Error(`The invariants are broken without any planted fault. ${complaint}`);
  const found: { rule: number; fault: string; seenBy: string | null }[] = [];
  for (const [index, mutant] of mutants.entries()) {
    const seenBy = (await tryMutant(copy, mutant)) ?? null;
    console.log(`${index + 1}/${mutants.length} ${mutant.fault}: ${seenBy ?? "NOT SEEN"}`);
    found.push({ rule: mutant.rule, fault: mutant.fault, seenBy });
  }
  return found;
});

const unseen = results.filter(({ seenBy }) => seenBy === null);
await writeFile(
  RESULTS,
  JSON.stringify(
    { command: "npm run test:mutants", planted: results.length, unseen: unseen.length, results },
    null,
    2,
  ) + "\n",
);
console.log(`${results.length - unseen.length} of ${results.length} planted faults were seen.`);
if (unseen.length > 0) process.exitCode = 1;
