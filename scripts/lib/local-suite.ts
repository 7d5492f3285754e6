import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { HDNodeWallet, Mnemonic } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import json5 from "json5";

import { parseRecord, type DeploymentRecord } from "../../deploy/record.js";
import type { HeldRole } from "../../deploy/roles.js";
import type { Holders } from "../../deploy/parameters.js";
import { startAnvil } from "./anvil.js";
import { freePort } from "./processes.js";
import type { Running } from "./running.js";
import { createSafe } from "./safe/local.js";
import { Terminal } from "./terminal.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The mnemonic that anvil starts with. */
export const MNEMONIC = "test test test test test test test test test test test junk";

/** Roles of admins that a Safe holds here, two of three, and which accounts of the mnemonic own it. */
const SAFES = { UPGRADER: [11, 12, 13], GUARDIAN: [14, 15, 16], UNPAUSER: [17, 18, 19] } as const;
export type SafeRole = keyof typeof SAFES;

/** A chain of its own with the suite on it, as it is deployed where it matters: Safes are the admins. */
export interface LocalSuite {
  readonly url: string;
  readonly connection: NetworkConnection;
  readonly record: DeploymentRecord;
  readonly holders: Holders;
  /** Owners of the Safe that holds a role. */
  readonly owners: Readonly<Record<SafeRole, readonly string[]>>;
  /** Environment variables of whoever types. */
  readonly variables: Readonly<Record<string, string>>;
  /** Types the commands that people type. */
  readonly terminal: Terminal;
}

/** What {@link startLocalSuite} needs. */
export interface LocalSuiteOptions {
  readonly running: Running;
  /** Where all that the commands write is kept. Emptied first. */
  readonly directory: string;
  readonly connect: (url: string) => Promise<NetworkConnection>;
  /** More command line arguments of the chain, such as `--timestamp`. */
  readonly chainArgs?: readonly string[];
  /** More environment variables of whoever types. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Starts a chain, makes the Safes, and deploys the suite with them as admins. */
export async function startLocalSuite(options: LocalSuiteOptions): Promise<LocalSuite> {
  const { running, directory, connect, chainArgs = [] } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(path.join(directory, "parameters"), { recursive: true });
  const { url } = running.keep(
    await startAnvil({ port: await freePort(), args: ["--accounts", "20", ...chainArgs] }),
  );
  const connection = await connect(url);
  const owners = ownersOfSafes();
  const safes: Partial<Record<HeldRole, string[]>> = {};
  for (const role of Object.keys(SAFES) as SafeRole[]) {
    safes[role] = [await createSafe(connection, { version: "1.5.0", owners: owners[role], threshold: 2 })];
  }
  const holders = await writeParameters(directory, safes);
  const variables = {
    HOLDFAST_DEPLOY_DIR: directory,
    LOCAL_RPC_URL: url,
    LOCAL_MNEMONIC: MNEMONIC,
    ...options.variables,
  };
  const terminal = running.keep(new Terminal("local", variables));
  await terminal.type("npx hardhat deploy --network local --quiet");
  const file = path.join(directory, "records", "31337.json");
  const record = parseRecord(await readFile(file, "utf8"), file);
  return { url, connection, record, holders, owners, variables, terminal };
}

/** The local parameters, with Safes in the place of keys. */
async function writeParameters(directory: string, safes: Partial<Holders>): Promise<Holders> {
  const name = path.join("parameters", "local.json5");
  const parameters = json5.parse<{ holders: Holders }>(
    await readFile(path.join(ROOT, "deploy", name), "utf8"),
  );
  const holders = { ...parameters.holders, ...safes };
  await writeFile(path.join(directory, name), JSON.stringify({ ...parameters, holders }, null, 2));
  return holders;
}

function ownersOfSafes(): LocalSuite["owners"] {
  const known = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
  const addresses = (numbers: readonly number[]) =>
    numbers.map((number) => known.deriveChild(number).address);
  return {
    UPGRADER: addresses(SAFES.UPGRADER),
    GUARDIAN: addresses(SAFES.GUARDIAN),
    UNPAUSER: addresses(SAFES.UNPAUSER),
  };
}
