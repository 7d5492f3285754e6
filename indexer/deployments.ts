import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Address } from "viem";

import { LOCAL_CHAIN_ID } from "../deploy/parameters.js";
import { parseRecord, type DeploymentRecord } from "../deploy/record.js";
import { setting } from "./settings.js";

type ContractName = "accessManager" | "upgradeController" | "complianceRegistry" | "escrow";

/** One chain to index: where to ask, and what to look for from which block. */
export interface IndexedChain {
  id: number;
  name: string;
  rpc: string[];
  startBlock: number;
  addresses: Record<ContractName, Address>;
  /** The tokens that the record knows. */
  tokens: DeploymentRecord["tokens"];
}

const recordsDirectory = fileURLToPath(new URL("../deploy/records", import.meta.url));

/**
 * The chains that have a deployment record, narrowed to the ids in `HOLDFAST_CHAINS` if that is set.
 * Records come from `HOLDFAST_RECORDS_DIR` (default `deploy/records`), RPC endpoints from `PONDER_RPC_URL_<chainId>`
 * (several separated by commas are used side by side).
 */
export function indexedChains(env: NodeJS.ProcessEnv): IndexedChain[] {
  const directory = env.HOLDFAST_RECORDS_DIR ?? recordsDirectory;
  const wanted = list(env.HOLDFAST_CHAINS).map(Number);
  const records = readRecords(directory).filter(
    (record) => wanted.length === 0 || wanted.includes(record.chainId),
  );

  const missing = wanted.filter((id) => !records.some((record) => record.chainId === id));
  if (missing.length > 0) {
    throw new Error(`HOLDFAST_CHAINS asks for ${missing.join(", ")}, but ${directory} has no record of it.`);
  }
  if (records.length === 0) throw new Error(`${directory} has no deployment record: deploy first.`);

  const names = records.map(({ network }) => network);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    // Chains are told apart by name, so one of them would silently not be indexed.
    const ids = records.filter(({ network }) => network === twice).map(({ chainId }) => chainId);
    throw new Error(`The records of chains ${ids.join(" and ")} both say network "${twice}": rename one.`);
  }

  return records.map((record) => ({
    id: record.chainId,
    name: record.network,
    rpc: rpcUrls(record, env),
    startBlock: record.startBlock,
    addresses: {
      accessManager: record.contracts.accessManager.address as Address,
      upgradeController: record.contracts.upgradeController.address as Address,
      complianceRegistry: record.contracts.complianceRegistry.address as Address,
      escrow: record.contracts.escrow.address as Address,
    },
    tokens: record.tokens,
  }));
}

function readRecords(directory: string): DeploymentRecord[] {
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    throw new Error(`There is no directory ${directory} with deployment records: deploy first.`);
  }
  return files
    .filter((file) => /^\d+\.json$/.test(file))
    .sort()
    .map((file) => join(directory, file))
    .map((path) => parseRecord(readFileSync(path, "utf8"), path));
}

function rpcUrls({ chainId, network }: DeploymentRecord, env: NodeJS.ProcessEnv): string[] {
  const variable = `PONDER_RPC_URL_${chainId}`;
  const urls = list(setting(env, variable) ?? (chainId === LOCAL_CHAIN_ID ? "http://127.0.0.1:8545" : ""));
  if (urls.length === 0) {
    throw new Error(`No RPC for ${network}: set ${variable}, or leave it out of HOLDFAST_CHAINS.`);
  }
  return urls;
}

function list(value = ""): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean);
}
