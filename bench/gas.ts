import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import Table from "cli-table3";
import { network } from "hardhat";

import { builtCode } from "./lib/build.js";
import { CALL_GAS, measureCapacity } from "./lib/capacity.js";
import { describeContracts } from "./lib/contracts.js";
import { floorOperations, measured, operations, type Operation } from "./lib/operations.js";
import { writeFigures } from "./lib/pages.js";
import { sharesOf, type Share } from "./lib/shares.js";
import { buildStage, STARTED_AT, type Stage } from "./lib/stage.js";
import { traceGas } from "./lib/trace.js";
import peers from "./peers.json" with { type: "json" };

/*
 * npm run bench:gas: what every transaction of the suite costs, where the gas of a payment goes, and how far that is from
 * the least possible. Writes bench/results/gas.json, and the figures on the pages of docs/contracts; fails if a payment
 * costs more than was promised.
 */

const COMMAND = "npm run bench:gas";
const HARDFORK = "cancun";
/** Gas that depositing and releasing one payment may cost together. */
const LIFECYCLE_LIMIT = 165_000;
/** EIP-170. */
const CODE_SIZE_LIMIT = 24_576;
const RESULTS = fileURLToPath(new URL("results/gas.json", import.meta.url));

const gasOf = async (stage: Stage, operation: Operation): Promise<number> =>
  measured(stage, operation, async (transaction) => {
    const receipt = (await transaction.wait())!;
    return Math.round(Number(receipt.gasUsed) / (operation.per ?? 1));
  });

async function gasOfEach<Name extends string>(
  stage: Stage,
  measuredOperations: Record<Name, Operation>,
): Promise<Record<Name, number>> {
  const gas: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(measuredOperations) as Name[]) {
    gas[name] = await gasOf(stage, measuredOperations[name]);
  }
  return gas as Record<Name, number>;
}

const sharesIn = (stage: Stage, operation: Operation): Promise<Share[]> =>
  measured(stage, operation, async (transaction) => {
    const receipt = (await transaction.wait())!;
    const { escrow } = stage.record.contracts;
    return sharesOf(await traceGas(stage.connection, receipt), {
      escrow: escrow.address,
      implementation: escrow.implementation,
      token: await stage.plain.getAddress(),
      paymentId: receipt.logs.find(({ address }) => address === escrow.address)!.topics[1]!,
      accounts: [stage.buyer.address, stage.seller.address],
    });
  });

async function measureEverything() {
  const connection = await network.create({
    network: "default",
    override: { hardfork: HARDFORK, initialDate: STARTED_AT },
  });
  const stage = await buildStage(connection);
  const contracts = await describeContracts(stage);
  const gas = await gasOfEach(stage, operations);
  const floor = await gasOfEach(stage, floorOperations);
  const { deposit, release, ...others } = gas;
  return {
    command: COMMAND,
    commit: stage.record.commit,
    compiler: stage.record.compiler,
    build: await builtCode(),
    chain: { network: "hardhat", hardfork: HARDFORK },
    limits: { lifecycle: LIFECYCLE_LIMIT, codeSize: CODE_SIZE_LIMIT },
    deposit,
    release,
    lifecycle: deposit + release,
    ...others,
    floor: { ...floor, lifecycle: floor.fund + floor.pay },
    shares: {
      deposit: await sharesIn(stage, operations.deposit),
      release: await sharesIn(stage, operations.release),
    },
    paymentsPerCall: { gas: Number(CALL_GAS), ...(await measureCapacity(stage)) },
    contracts,
    peers,
  };
}

type Measured = Awaited<ReturnType<typeof measureEverything>>;

/** Without colours and rules between rows, so that it can be pasted. */
const table = (...head: string[]) => new Table({ head, style: { compact: true, head: [], border: [] } });

const number = (value: number) => ({ content: value.toLocaleString("en"), hAlign: "right" as const });

function print(results: Measured): void {
  const { deposit, release, lifecycle, floor, shares, contracts } = results;
  const { version, optimizerRuns } = results.compiler;
  console.log(`solc ${version}, viaIR, ${optimizerRuns} runs, ${HARDFORK}, commit ${results.commit}\n`);

  const operationTable = table("transaction", "gas");
  for (const [name, { title }] of Object.entries(operations)) {
    operationTable.push([title, number(results[name as keyof typeof operations])]);
  }
  console.log(operationTable.toString());

  for (const [name, parts] of Object.entries(shares)) {
    const shareTable = table(`where the gas of a ${name} goes`, "gas", "of it first access");
    for (const { part, gas, cold } of parts) shareTable.push([part, number(gas), number(cold)]);
    console.log(shareTable.toString());
  }

  const comparison = table("system", "fund", "pay the seller", "both");
  comparison.push(
    ["floor", number(floor.fund), number(floor.pay), number(floor.lifecycle)],
    ["Holdfast", number(deposit), number(release), number(lifecycle)],
  );
  for (const { system, fund, pay } of peers.systems) {
    const funding = fund.reduce((sum, gas) => sum + gas, 0);
    comparison.push([system, number(funding), number(pay), number(funding + pay)]);
  }
  console.log(comparison.toString());

  const deployment = table("contract", "gas to deploy", `size in bytes (limit ${CODE_SIZE_LIMIT})`);
  for (const { contract, gas, size } of contracts) deployment.push([contract, number(gas), number(size)]);
  console.log(deployment.toString());

  const { gas, paymentStates, snapshot } = results.paymentsPerCall;
  console.log(
    `An eth_call of ${gas} gas reads ${paymentStates} payments with paymentStates, ${snapshot} with the lens's snapshot.`,
  );
}

const results = await measureEverything();
print(results);
await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
await writeFigures(results);

const ofFloor = (results.lifecycle / results.floor.lifecycle).toFixed(2);
console.log(
  `A payment costs ${results.lifecycle} gas, ${ofFloor} times the floor; at most ${LIFECYCLE_LIMIT} were promised.`,
);
if (results.lifecycle > LIFECYCLE_LIMIT) {
  console.error(
    `That is ${results.lifecycle - LIFECYCLE_LIMIT} too many: see "shares" in ${RESULTS} for where they go.`,
  );
  process.exitCode = 1;
}
