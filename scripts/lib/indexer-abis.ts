import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const output = new URL("indexer/generated/abis.ts", root);

/** The artifacts whose events the indexer reads, by the name of the constant that it imports. */
const sources = {
  accessManagerAbi: "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager.json",
  complianceRegistryAbi: "contracts/interfaces/IComplianceRegistry.sol/IComplianceRegistry.json",
  escrowAbi: "contracts/interfaces/IEscrow.sol/IEscrow.json",
  upgradeControllerAbi: "contracts/interfaces/IUpgradeController.sol/IUpgradeController.json",
};

/**
 * Writes the events of the built contracts as typed constants for the indexer. Only the events: a function that
 * changes must not make the indexer start over. Needs a build; leaves the file alone if it is right already.
 * @returns The path written to.
 */
export async function writeIndexerAbis(): Promise<string> {
  const constants = await Promise.all(
    Object.entries(sources).map(async ([name, artifact]) => {
      const events = (await readAbi(artifact)).filter((item) => item.type === "event");
      return `export const ${name} = ${JSON.stringify(events, undefined, 2)} as const;\n`;
    }),
  );
  const text = `// Written by scripts/lib/indexer-abis.ts from the build.\n${constants.join("\n")}`;
  const path = fileURLToPath(output);
  if ((await readFile(path, "utf8").catch(() => "")) !== text) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return path;
}

async function readAbi(artifact: string): Promise<{ type: string }[]> {
  const url = new URL(`artifacts/${artifact}`, root);
  const text = await readFile(url, "utf8").catch(() => {
    throw new Error(`${fileURLToPath(url)} is missing. Build the contracts first: npx hardhat build`);
  });
  return (JSON.parse(text) as { abi: { type: string }[] }).abi;
}

if (import.meta.main) await writeIndexerAbis();
