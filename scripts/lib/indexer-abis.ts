import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { Interface, type JsonFragment } from "ethers";

const root = new URL("../../", import.meta.url);
const output = new URL("indexer/generated/abis.ts", root);
/** Events that only earlier versions of a contract emitted, by the same names, as the compiler described them. */
const retired = new URL("indexer/retired-events.json", root);

/** The artifacts whose events the indexer reads, by the name of the constant that it imports. */
const sources = {
  accessManagerAbi: "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager.json",
  complianceRegistryAbi: "contracts/interfaces/IComplianceRegistry.sol/IComplianceRegistry.json",
  escrowAbi: "contracts/interfaces/IEscrow.sol/IEscrow.json",
  upgradeControllerAbi: "contracts/interfaces/IUpgradeController.sol/IUpgradeController.json",
};

/**
 * Writes the events of the built contracts, and those that they no longer emit, as typed constants for the indexer. Only
 * the events: a function that changes must not make the indexer start over. Needs a build; leaves the file alone if it is
 * right already.
 * @returns The path written to.
 */
export async function writeIndexerAbis(): Promise<string> {
  const old = retiredEvents();
  const constants = await Promise.all(
    Object.entries(sources).map(async ([name, artifact]) => {
      const events = mergedEvents(name, await readAbi(artifact), old[name] ?? []);
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

/** What `indexer/retired-events.json` has, by the name of the constant that the indexer imports. */
export const retiredEvents = () => JSON.parse(readFileSync(retired, "utf8")) as RetiredEvents;
export type RetiredEvents = Readonly<Record<string, readonly JsonFragment[]>>;

/**
 * The events of a contract's present and earlier versions. Ponder knows an event by its name, so the same name with other
 * parameters would hide the old logs or the new.
 *
 * @throws If a retired event has the name of one that is still emitted.
 */
export function mergedEvents(
  name: string,
  abi: readonly JsonFragment[],
  retiredEvents: readonly JsonFragment[],
): JsonFragment[] {
  const events = abi.filter((item) => item.type === "event");
  for (const event of retiredEvents) {
    const twin = events.find((present) => present.name === event.name);
    if (twin) {
      throw new Error(
        `indexer/retired-events.json has ${signature(event)} in ${name}, and the build has ${signature(twin)}: ` +
          "give the new event a name of its own, or take the retired one out if it is the same.",
      );
    }
  }
  return [...events, ...retiredEvents];
}

const signature = (event: JsonFragment) => new Interface([event]).getEvent(event.name!)!.format();

async function readAbi(artifact: string): Promise<JsonFragment[]> {
  const url = new URL(`artifacts/${artifact}`, root);
  const text = await readFile(url, "utf8").catch(() => {
    throw new Error(`${fileURLToPath(url)} is missing. Build the contracts first: npx hardhat build`);
  });
  return (JSON.parse(text) as { abi: JsonFragment[] }).abi;
}

if (import.meta.main) await writeIndexerAbis();
