import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { keccak256, type Provider } from "ethers";
import { z } from "zod";

import { isCompiledFrom } from "./code.js";
import { Fault } from "./fault.js";
import { DEPLOY_DIR } from "./place.js";
import type { DeploymentRecord } from "./record.js";
import { readImplementation, type StorageLayout } from "./upgrade-safety.js";

/** Where the storage layouts of all code that ever ran behind a proxy are kept: one file a codehash, never changed. */
const IMPLEMENTATIONS = path.join(DEPLOY_DIR, "implementations");

const schema = z.strictObject({
  contract: z.string().min(1),
  codehash: z.string(),
  layout: z.custom<StorageLayout>((found) => typeof found === "object" && found !== null && "types" in found),
});

/**
 * Code that was or is behind a proxy, and how it lays out its storage. Kept, because the source moves on: the build of
 * the day on which the next version is planned no longer knows how the present one stores its data.
 */
export type KnownImplementation = z.infer<typeof schema>;

const pathOf = (chainId: number, codehash: string) =>
  path.join(IMPLEMENTATIONS, String(chainId), `${codehash}.json`);

/**
 * Keeps the layout of code that is about to run behind a proxy, or does, unless it is kept already. The build must be the
 * one that it was made by.
 *
 * @param codehash Of the deployed code (EIP-1052).
 */
export async function keepImplementation(chainId: number, contract: string, codehash: string): Promise<void> {
  const { layout } = await readImplementation(contract);
  const file = pathOf(chainId, codehash);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ contract, codehash, layout }, null, 2)}\n`, { flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
}

/** Keeps the layouts of what a deployment put behind its proxies. */
export async function keepImplementationsOf({ chainId, contracts }: DeploymentRecord): Promise<void> {
  await keepImplementation(chainId, "Escrow", contracts.escrow.codehash);
  await keepImplementation(chainId, "ComplianceRegistry", contracts.complianceRegistry.codehash);
}

/**
 * The layout of code behind a proxy, from what is kept, or from the build if that made it.
 *
 * @param contract What the build is likely to call it.
 * @throws {@link Fault} if neither knows it.
 */
export async function knownImplementation(
  provider: Provider,
  chainId: number,
  address: string,
  contract: string,
): Promise<KnownImplementation> {
  const code = await provider.getCode(address);
  const codehash = keccak256(code);
  const kept = await readKept(chainId, codehash);
  if (kept !== undefined) return kept;
  if (await isCompiledFrom(contract, code)) {
    return { contract, codehash, layout: (await readImplementation(contract)).layout };
  }
  throw new Fault(
    `How the implementation ${address} lays out its storage is not known: ${pathOf(chainId, codehash)} is missing, and ` +
      `this checkout compiles ${contract} to other code. Restore the file from git, or check out the commit that the ` +
      "implementation was deployed from.",
  );
}

async function readKept(chainId: number, codehash: string): Promise<KnownImplementation | undefined> {
  const file = pathOf(chainId, codehash);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success || parsed.data.codehash !== codehash) {
    throw new Fault(`The storage layout ${file} is damaged; restore it from git.`);
  }
  return parsed.data;
}
