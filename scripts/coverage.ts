import { glob, readFile } from "node:fs/promises";
import path from "node:path";

import hre from "hardhat";

import { findShortfalls, parseLcov } from "./lib/coverage.js";

/*
 * npm run coverage: runs the suites of the contracts on instrumented code. Exits 1 if a test fails, or if a line of a
 * contract was not run. Hardhat prints the table and writes coverage/html and coverage/lcov.info.
 */

const started = Date.now();
const sources = new Map<string, string>();
for await (const file of glob("contracts/**/*.sol", { exclude: ["contracts/mocks/**"] })) {
  sources.set(file, await readFile(file, "utf8"));
}

/** A suite is named after its contract, or lies in a folder that is. */
const contracts = [...sources.keys()].filter((file) => path.dirname(file) === "contracts");
const suites = contracts
  .map((file) => path.basename(file, ".sol"))
  .flatMap((name) => [`test/unit/${name}*.ts`, `test/unit/${name.toLowerCase()}/*.ts`]);

const testFiles: string[] = [];
for await (const suite of glob(suites)) testFiles.push(suite);

const { success } = (await hre.tasks.getTask(["test", "mocha"]).run({ testFiles })) as { success: boolean };

const shortfalls = findShortfalls(sources, parseLcov(await readFile("coverage/lcov.info", "utf8")));
for (const shortfall of shortfalls) console.error(shortfall);
if (!success) console.error("A test failed on the instrumented code: what was covered may say nothing.");
const seconds = Math.round((Date.now() - started) / 1000);
console.log(`${sources.size - shortfalls.length} of ${sources.size} files complete, in ${seconds} s`);
if (!success || shortfalls.length > 0) process.exitCode = 1;
