import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";

import hre from "hardhat";

/*
 * Runs the Solidity invariants with the profile `deep` and writes what was done to bench/results/invariants.json.
 * `npm run test:deep` runs this.
 */

const PROFILE = "deep";
const RESULTS = "bench/results/invariants.json";

/** The parts of EDR's report that are used here. */
interface SuiteResult {
  testResults: {
    name: string;
    status: "Success" | "Failure" | "Skipped";
    kind: { runs: bigint; calls: bigint; reverts: bigint; metrics: Record<string, { calls: bigint }> };
  }[];
}

const started = Date.now();
const outcome = (await hre.tasks.getTask(["test", "solidity"]).run({
  testFiles: ["test/solidity/invariants/Invariants.t.sol"],
  testProfile: PROFILE,
  noCompile: true,
})) as { success: boolean; value: { suiteResults: SuiteResult[] } };
const seconds = Math.round((Date.now() - started) / 1000);

if (!outcome.success) throw new Error(`An invariant is broken. ${RESULTS} was left as it is.`);

const campaigns = outcome.value.suiteResults.flatMap(({ testResults }) => testResults);
const { fuzz, invariant } = hre.config.test.solidity.profiles[PROFILE]!;
const callsByFunction = new Map<string, number>();
for (const { kind } of campaigns) {
  for (const [path, { calls }] of Object.entries(kind.metrics)) {
    const name = path.slice(path.lastIndexOf(":") + 1);
    callsByFunction.set(name, (callsByFunction.get(name) ?? 0) + Number(calls));
  }
}

const sum = (pick: (kind: (typeof campaigns)[number]["kind"]) => bigint) =>
  campaigns.reduce((total, { kind }) => total + Number(pick(kind)), 0);
const results = {
  command: "npm run test:deep",
  seed: fuzz.seed,
  seconds,
  machine: `${cpus().length} × ${cpus()[0]!.model}`,
  invariants: campaigns.map(({ name }) => name.replace(/\(\)$/, "")).sort(),
  runs: sum(({ runs }) => runs),
  callsPerRun: invariant?.depth,
  calls: sum(({ calls }) => calls),
  reverts: sum(({ reverts }) => reverts),
  callsByFunction: Object.fromEntries([...callsByFunction].sort(([a], [b]) => a.localeCompare(b))),
};
await writeFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
console.log(`${results.calls} calls in ${seconds} s with seed ${results.seed}: see ${RESULTS}`);
