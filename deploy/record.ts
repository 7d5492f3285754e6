import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isAddress, isHexString } from "ethers";
import { z } from "zod";

import { Fault } from "./fault.js";
import { DEPLOY_DIR } from "./place.js";

const address = z.string().refine(isAddress, "is not an address");
const codehash = z.string().refine((found): boolean => isHexString(found, 32), "is not 32 bytes of hex");
const contract = z.strictObject({ address, codehash });
const proxiedContract = z.strictObject({ address, proxyAdmin: address, implementation: address, codehash });

const recordSchema = z.strictObject({
  chainId: z.number().int().positive(),
  network: z.string().min(1),
  startBlock: z.number().int().nonnegative(),
  compiler: z.strictObject({
    version: z.string(),
    evmVersion: z.string(),
    viaIR: z.boolean(),
    optimizerRuns: z.number().int().nonnegative(),
  }),
  commit: z.string(),
  contracts: z.strictObject({
    accessManager: contract,
    upgradeController: contract,
    complianceRegistry: proxiedContract,
    escrow: proxiedContract,
    escrowLens: contract,
    permit2: z.strictObject({ address }),
  }),
  tokens: z.array(z.strictObject({ symbol: z.string(), address, decimals: z.number().int() })),
});

/**
 * What was deployed on one chain, and where: what every other part of the suite starts from.
 *
 * `startBlock` is the first block that can hold an event of the suite. A proxied contract's `codehash` is that of the
 * implementation it was deployed with (EIP-1052), any other's its own. `commit` is the source's git commit, followed by
 * `-dirty` if files had changed since.
 */
export type DeploymentRecord = z.infer<typeof recordSchema>;

const RECORDS = join(DEPLOY_DIR, "records");

/** Where the record of a chain is kept. */
export const recordPath = (chainId: number) => join(RECORDS, `${chainId}.json`);

/**
 * Reads the record of a chain.
 *
 * @throws {@link Fault} that says what to do, if there is none or it is damaged.
 */
export async function readRecord(chainId: number): Promise<DeploymentRecord> {
  const path = recordPath(chainId);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new Fault(
      `There is no deployment record for chain ${chainId} at ${path}; deploy first: npx hardhat deploy --network <name>.`,
      { cause },
    );
  }
  return parseRecord(text, path);
}

/** As {@link readRecord}, from the text of a record. `source` is what the error calls it. */
export function parseRecord(text: string, source: string): DeploymentRecord {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (cause) {
    throw new Fault(`The deployment record ${source} is not JSON; restore it from git or deploy again.`, {
      cause,
    });
  }
  const { success, data, error } = recordSchema.safeParse(written);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join(".")} (${message})`).join(", ");
  throw new Fault(
    `The deployment record ${source} is malformed at ${faults}; restore it from git or deploy again.`,
  );
}

/** Writes the record of a chain, replacing an earlier one. Returns its path. */
export async function writeRecord(record: DeploymentRecord): Promise<string> {
  const path = recordPath(record.chainId);
  await mkdir(RECORDS, { recursive: true });
  await writeFile(path, `${JSON.stringify(recordSchema.parse(record), null, 2)}\n`);
  return path;
}
