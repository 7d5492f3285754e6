import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import {
  getContractVersion,
  getErrors,
  getStorageLayout,
  getStorageUpgradeReport,
  makeNamespacedInput,
  solcInputOutputDecoder,
  UpgradeableContractErrorReport,
  validate,
  withValidationDefaults,
  type SolcInput,
  type SolcOutput,
} from "@openzeppelin/upgrades-core";
import hre from "hardhat";

import { Fault } from "./fault.js";

export type StorageLayout = Implementation["layout"];

/** One implementation as OpenZeppelin's checks see it: what is unsafe in it, and how its storage is laid out. */
export type Implementation = Awaited<ReturnType<typeof readImplementation>>;

const OPTIONS = withValidationDefaults({ kind: "transparent" });

const validations = new Map<string, Promise<ReturnType<typeof validate>>>();

/**
 * Reads an implementation from the build.
 *
 * @param contractName Bare or fully qualified, e.g. `Escrow` or `contracts/mocks/Counter.sol:CounterV2`.
 */
export async function readImplementation(contractName: string) {
  const id = await hre.artifacts.getBuildInfoId(contractName);
  if (id === undefined)
    throw new Fault(`${contractName} has no build info; build again: npx hardhat build --force.`);
  const { contractName: name, inputSourceName } = await hre.artifacts.readArtifact(contractName);

  if (!validations.has(id)) validations.set(id, validateBuild(id));
  const validation = await validations.get(id)!;
  const version = getContractVersion(validation, `${inputSourceName}:${name}`);
  return {
    name,
    errors: getErrors(validation, version, OPTIONS),
    layout: getStorageLayout(validation, version),
  };
}

/** What makes an implementation unsafe behind a proxy, explained; empty if nothing does. */
export function explainUnsafe({ errors }: Implementation): string {
  const report = new UpgradeableContractErrorReport(errors);
  return report.ok ? "" : report.explain(false);
}

/**
 * What of `after`'s storage contradicts `before`'s, explained; empty if nothing does.
 *
 * A rollback restores code and not data: `before` must be the highest layout that was ever active, not the one in use.
 */
export function explainIncompatible(
  before: Pick<Implementation, "layout">,
  after: Pick<Implementation, "layout">,
): string {
  const report = getStorageUpgradeReport(before.layout, after.layout, OPTIONS);
  return report.ok ? "" : report.explain(false);
}

interface BuildInfo {
  solcVersion: string;
  input: SolcInput;
}

async function validateBuild(id: string) {
  const readJson = async <Content>(path: string | undefined) =>
    JSON.parse(await readFile(path!, "utf8")) as Content;
  const { solcVersion, input } = await readJson<BuildInfo>(await hre.artifacts.getBuildInfoPath(id));
  const { output } = await readJson<{ output: SolcOutput }>(await hre.artifacts.getBuildInfoOutputPath(id));
  const decodeSource = solcInputOutputDecoder(input, output);
  return validate(output, decodeSource, solcVersion, input, compileNamespaced(input, output));
}

/** ERC-7201 structs are in no storage layout; compiled once more with a variable for each of them, they are. */
function compileNamespaced(input: SolcInput, output: SolcOutput): SolcOutput {
  const solc = createRequire(import.meta.url)("solc") as { compile: (input: string) => string };
  const namespaced = JSON.parse(
    solc.compile(JSON.stringify(makeNamespacedInput(input, output))),
  ) as SolcOutput;
  const failures = namespaced.errors?.filter(({ severity }) => severity === "error") ?? [];
  if (failures.length > 0) {
    throw new Error(
      `The storage namespaces do not compile:\n${failures.map((e) => e.formattedMessage).join("\n")}`,
    );
  }
  return namespaced;
}
