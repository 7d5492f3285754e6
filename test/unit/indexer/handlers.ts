import { readdir, readFile } from "node:fs/promises";

import { expect } from "chai";
import { Interface, type InterfaceAbi } from "ethers";
import hre from "hardhat";

const sources = new URL("../../../indexer/src/", import.meta.url);

/** The events that an artifact's ABI declares. */
async function eventsOf(artifact: string): Promise<string[]> {
  const { abi } = await hre.artifacts.readArtifact(artifact);
  const names: string[] = [];
  new Interface(abi as InterfaceAbi).forEachEvent(({ name }) => names.push(name));
  return names;
}

describe("handlers", () => {
  let handled: string[];
  before(async () => {
    const files = (await readdir(sources)).filter((file) => file.endsWith(".ts"));
    const texts = await Promise.all(files.map((file) => readFile(new URL(file, sources), "utf8")));
    handled = texts.flatMap((text) =>
      Array.from(text.matchAll(/ponder\.on\("([^"]+)"/g), ([, name]) => name!),
    );
  });

  for (const [contract, artifact] of [
    ["AccessManager", "AccessManager"],
    ["UpgradeController", "IUpgradeController"],
    ["ComplianceRegistry", "IComplianceRegistry"],
    ["Escrow", "IEscrow"],
  ] as const) {
    it(`leave out no event of ${contract}`, async () => {
      const declared = (await eventsOf(artifact)).map((event) => `${contract}:${event}`);
      expect(handled.filter((name) => name.startsWith(`${contract}:`))).to.have.members(declared);
    });
  }
});
