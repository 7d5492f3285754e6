import { concat, getAddress, Interface, isError, keccak256, type Provider } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../../deploy/fault.js";
import { knownImplementation, type KnownImplementation } from "../../../deploy/implementations.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { queryAll } from "../../../deploy/logs.js";
import { describeLayout, type ContractLayout } from "../../../deploy/storage-layout.js";
import { explainIncompatible, explainUnsafe, readImplementation } from "../../../deploy/upgrade-safety.js";
import { UpgradeController__factory, ISelfTest__factory } from "../../../types/ethers-contracts/index.js";
import { plain } from "../plain.js";
import { fieldsOf, type Field, type Keys } from "./layout.js";
import { isNoAnswer } from "./reverts.js";
import { IMPLEMENTATIONS, type ProxyName } from "./suite.js";
import { valueOf } from "./state-diff.js";

/** Code behind a proxy, as a manifest names it. */
export interface ImplementationFacts {
  readonly implementation: string;
  readonly codehash: string;
  readonly contract: string;
  readonly version: string;
}

/** A change of code to examine. */
export interface UpgradeRequest {
  readonly proxy: ProxyName;
  readonly implementation: string;
  /** What the build calls it, e.g. `Escrow`. */
  readonly contract: string;
  /** What to call through the proxy in the same transaction: a function of the new version, and its arguments. */
  readonly initializer?: { readonly function: string; readonly args: readonly unknown[] };
}

/** An upgrade that nothing speaks against. */
export interface ExaminedUpgrade {
  readonly after: ImplementationFacts;
  readonly data: string;
  /** The function called, as in Solidity. */
  readonly initializer: string | null;
  /** The storage entries that the present version does not have, with `*` for keys. */
  readonly added: readonly string[];
  /** What versions that were rolled back left in the storage. Whole sentences. */
  readonly leftovers: readonly string[];
}

/** Where an examination looks: the chain, or a fork of it, and the logs of the chain. */
export interface Site {
  readonly provider: Provider;
  readonly connection: NetworkConnection;
  readonly record: DeploymentRecord;
  readonly keys: Keys;
}

/** What is behind a proxy now. */
export async function presentImplementation(
  { provider, record }: Pick<Site, "provider" | "record">,
  proxy: ProxyName,
): Promise<ImplementationFacts & { layout: ContractLayout }> {
  const controller = UpgradeController__factory.connect(record.contracts.upgradeController.address, provider);
  const { implementation } = await controller.proxyRecord(record.contracts[proxy].address);
  const { contract, layout } = await known(provider, record, proxy, implementation);
  return { ...(await factsOf(provider, implementation, contract)), layout: describeLayout(contract, layout) };
}

/** What a manifest calls code that nobody here knows, and the version of code that does not tell it. */
export const UNKNOWN = "unknown";

/**
 * What is behind a proxy now, whatever it is: a guardian must be able to act above all where nobody here knows the code, or
 * it answers nothing.
 */
export async function anyImplementation(
  { provider, record }: Pick<Site, "provider" | "record">,
  proxy: ProxyName,
): Promise<ImplementationFacts> {
  const controller = UpgradeController__factory.connect(record.contracts.upgradeController.address, provider);
  const { implementation } = await controller.proxyRecord(record.contracts[proxy].address);
  return await anyFactsOf({ provider, record }, proxy, implementation);
}

async function anyFactsOf(
  { provider, record }: Pick<Site, "provider" | "record">,
  proxy: ProxyName,
  address: string,
): Promise<ImplementationFacts> {
  const contract = await known(provider, record, proxy, address).then(
    (found) => found.contract,
    (error: unknown) => {
      if (error instanceof Fault) return UNKNOWN;
      throw error;
    },
  );
  const implementation = getAddress(address);
  const codehash = keccak256(await provider.getCode(implementation));
  return { implementation, codehash, contract, version: await versionOf(provider, implementation) };
}

/** Long or empty answers, and none, are no version. */
async function versionOf(provider: Provider, implementation: string): Promise<string> {
  try {
    const version = plain(await ISelfTest__factory.connect(implementation, provider).version());
    return version.length > 0 && version.length <= 32 ? version : UNKNOWN;
  } catch (error) {
    if (isUnanswered(error)) return UNKNOWN;
    throw error;
  }
}

/** A contract that reverts, is none, or answers what cannot be decoded. */
const isUnanswered = (error: unknown) =>
  isNoAnswer(error) ||
  isError(error, "CALL_EXCEPTION") ||
  isError(error, "BUFFER_OVERRUN") ||
  isBadText(error);

const isBadText = (error: unknown) =>
  error instanceof Error && /invalid (codepoint|utf)/i.test(error.message);

/** What a rollback would put back. */
export async function previousImplementation(
  { provider, record }: Pick<Site, "provider" | "record">,
  proxy: ProxyName,
): Promise<ImplementationFacts> {
  const controller = UpgradeController__factory.connect(record.contracts.upgradeController.address, provider);
  const { previous } = await controller.proxyRecord(record.contracts[proxy].address);
  if (BigInt(previous) === 0n) {
    throw new Fault(
      `There is nothing to roll ${proxy} back to: it was not upgraded since it was deployed or rolled back.`,
    );
  }
  return await anyFactsOf({ provider, record }, proxy, previous);
}

/**
 * Looks for everything that speaks against an upgrade before anybody is asked to sign it.
 *
 * @throws {@link Fault} that says what it is.
 */
export async function examineUpgrade(site: Site, request: UpgradeRequest): Promise<ExaminedUpgrade> {
  const { provider, record } = site;
  const { proxy, contract } = request;
  const implementation = getAddress(request.implementation);
  const present = await presentImplementation(site, proxy);
  if (present.implementation === implementation) {
    throw new Fault(`${proxy} runs ${implementation} already.`);
  }
  await requireBuilt(provider, record, request);

  const next = await readImplementation(contract);
  const unsafe = explainUnsafe(next);
  if (unsafe !== "")
    throw new Fault(`${contract} is not safe behind a proxy:`, { details: unsafe.split("\n") });
  const past = await everActive(site, proxy);
  for (const version of past) {
    const objection = explainIncompatible(version, next);
    if (objection === "") continue;
    throw new Fault(
      `${contract} would misread what ${version.contract} (${version.address}), which ran behind ${proxy}, has stored:`,
      { details: objection.split("\n") },
    );
  }

  const layout = describeLayout(next.name, next.layout);
  const { data, initializer } = await encodeInitializer(request);
  return {
    after: await factsOf(provider, implementation, contract),
    data,
    initializer,
    added: addedEntries(present.layout, layout, site.keys).map((name) => `${proxy} ${name}`),
    leftovers: await findLeftovers(site, proxy, present.layout, past),
  };
}

const known = (provider: Provider, { chainId }: DeploymentRecord, proxy: ProxyName, address: string) =>
  knownImplementation(provider, chainId, address, IMPLEMENTATIONS[proxy].contract);

async function factsOf(provider: Provider, address: string, contract: string): Promise<ImplementationFacts> {
  const implementation = getAddress(address);
  return {
    implementation,
    codehash: keccak256(await provider.getCode(implementation)),
    contract,
    version: await ISelfTest__factory.connect(implementation, provider).version(),
  };
}

/** The very bytes that the build makes, immutables included: what its constructor answers here, with the suite's addresses. */
async function requireBuilt(
  provider: Provider,
  record: DeploymentRecord,
  { proxy, implementation, contract }: UpgradeRequest,
): Promise<void> {
  const { abi, bytecode } = await hre.artifacts.readArtifact(contract);
  const args = IMPLEMENTATIONS[proxy].constructorArguments(record);
  const constructor = new Interface(abi as ConstructorParameters<typeof Interface>[0]).deploy;
  if (constructor.inputs.length !== args.length) {
    throw new Fault(
      `${contract} takes ${constructor.inputs.length} constructor arguments, but ${proxy}'s takes ${args.length}.`,
    );
  }
  const encodedArguments = new Interface([constructor]).encodeDeploy([...args]);
  const expected = await provider.call({ data: concat([bytecode, encodedArguments]) });
  const found = await provider.getCode(implementation);
  if (found === "0x")
    throw new Fault(`There is no contract at ${implementation}; deploy the new version first.`);
  if (found !== expected) {
    throw new Fault(
      `The code at ${implementation} is not what this checkout compiles ${contract} to, deployed for this suite; check ` +
        "out the commit that it was deployed from, or deploy it anew.",
      { details: [`codehash there: ${keccak256(found)}`, `codehash of the build: ${keccak256(expected)}`] },
    );
  }
}

async function encodeInitializer({ contract, initializer }: UpgradeRequest) {
  if (initializer === undefined) return { data: "0x", initializer: null };
  const { abi } = await hre.artifacts.readArtifact(contract);
  const functions = new Interface(abi as ConstructorParameters<typeof Interface>[0]);
  const fragment = functions.getFunction(initializer.function);
  if (fragment === null)
    throw new Fault(`${contract} has no function ${initializer.function} to call in the upgrade.`);
  return {
    data: functions.encodeFunctionData(fragment, [...initializer.args]),
    initializer: fragment.format("full"),
  };
}

interface PastVersion extends KnownImplementation {
  readonly address: string;
}

/** Everything that ever ran behind a proxy. A rollback restores code, not data, so all of it counts. */
async function everActive({ provider, connection, record }: Site, proxy: ProxyName): Promise<PastVersion[]> {
  const controller = await connection.ethers.getContractAt(
    "UpgradeController",
    record.contracts.upgradeController.address,
  );
  const { address } = record.contracts[proxy];
  const deployed = await queryAll(controller, controller.filters.ProxyDeployed(address), record.startBlock);
  const upgraded = await queryAll(controller, controller.filters.Upgraded(address), record.startBlock);
  const addresses = new Set([
    ...deployed.map(({ args }) => args.implementation as string),
    ...upgraded.map(({ args }) => args.to as string),
  ]);
  const versions: PastVersion[] = [];
  for (const past of addresses)
    versions.push({ address: past, ...(await known(provider, record, proxy, past)) });
  return versions;
}

function addedEntries(before: ContractLayout, after: ContractLayout, keys: Keys): string[] {
  const known = new Set([...fieldsOf(before, keys)].map(({ name }) => name));
  return [...fieldsOf(after, keys)].map(({ name }) => name).filter((name) => !known.has(name));
}

/** What versions other than the present one wrote where only they would read it. */
async function findLeftovers(
  { provider, record, keys }: Site,
  proxy: ProxyName,
  present: ContractLayout,
  past: readonly PastVersion[],
): Promise<string[]> {
  const { address } = record.contracts[proxy];
  const read = async (field: Field) => valueOf(await provider.getStorage(address, field.slot), field);
  const sentences = new Map<string, string>();
  const initialized = [...fieldsOf(present, keys)].find(({ name }) => name === "Initializable._initialized")!;
  const number = await read(initialized);
  if (past.length > 1 && Number(number) > 1) {
    sentences.set(
      initialized.name,
      `The initializers of ${proxy} up to number ${number} have run and will not run again, rolled back or not.`,
    );
  }
  for (const version of past) {
    const layout = describeLayout(version.contract, version.layout);
    const added = new Set(addedEntries(present, layout, keys));
    for (const field of fieldsOf(layout, keys)) {
      if (!added.has(field.name)) continue;
      const value = await read(field);
      if (isZero(value, field.values)) continue;
      sentences.set(
        field.name,
        `${version.contract} (${version.address}), which was rolled back, left ${field.name} of ${proxy} at ${value}; ` +
          "the next version finds it there.",
      );
    }
  }
  return [...sentences.values()];
}

const isZero = (value: string, enumValues: readonly string[] | undefined) =>
  enumValues === undefined ? /^(0x0*|0|false)$/.test(value) : value === enumValues[0];
