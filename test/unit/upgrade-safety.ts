import { glob, readFile } from "node:fs/promises";

import { expect } from "chai";
import { artifacts } from "hardhat";

import { explainIncompatible, explainUnsafe, readImplementation } from "../../deploy/upgrade-safety.js";

/** Everything of ours that runs behind a proxy: it can be initialized, and it tests itself. */
async function implementations(): Promise<string[]> {
  const names = [...(await artifacts.getAllFullyQualifiedNames())].filter((name) =>
    /^contracts\/[^/]+\.sol:/.test(name),
  );
  const read = await Promise.all(
    names.map(async (name) => ({ name, artifact: await artifacts.readArtifact(name) })),
  );
  return read
    .filter(({ artifact }) =>
      ["initialize", "selfTest"].every((needed) =>
        (artifact.abi as readonly { name?: string }[]).some(({ name }) => name === needed),
      ),
    )
    .map(({ name }) => name);
}

describe("upgrade safety", () => {
  it("finds every implementation", async () => {
    expect(await implementations()).to.have.members([
      "contracts/ComplianceRegistry.sol:ComplianceRegistry",
      "contracts/Escrow.sol:Escrow",
    ]);
  });

  it("finds nothing unsafe in them", async () => {
    for (const name of await implementations()) {
      expect(explainUnsafe(await readImplementation(name)), name).to.equal("");
    }
  });

  it("keeps all of their storage in ERC-7201 namespaces, so that inheritance cannot move it", async () => {
    for (const name of await implementations()) {
      expect((await readImplementation(name)).layout.storage, name).to.deep.equal([]);
    }
  });

  it("sees every namespace that our sources declare, or it would let it move", async () => {
    const seen = await Promise.all(
      (await implementations()).map(async (name) =>
        Object.keys((await readImplementation(name)).layout.namespaces!),
      ),
    );
    const declared: string[] = [];
    for await (const file of glob("contracts/**/*.sol", { exclude: ["contracts/mocks/**"] })) {
      declared.push(...((await readFile(file, "utf8")).match(/erc7201:holdfast[\w.]+/g) ?? []));
    }
    expect(seen.flat()).to.include.members(declared);
    expect(declared).not.to.be.empty;
  });

  it("reports state that only the implementation itself would have", async () => {
    const explanation = explainUnsafe(await readImplementation("UnsafeState"));
    expect(explanation)
      .to.include("`assigned`")
      .and.to.include("`fixedInCode`")
      .and.to.include("constructor");
  });

  it("lets a namespace grow at its end", async () => {
    const [before, after] = [
      await readImplementation("CounterV2"),
      await readImplementation("AppendedCounter"),
    ];
    expect(explainIncompatible(before, after)).to.equal("");
  });

  it("reports a namespace whose variables moved", async () => {
    const [before, after] = [
      await readImplementation("CounterV2"),
      await readImplementation("ReorderedCounter"),
    ];
    expect(explainIncompatible(before, after)).to.include("Deleted `count`");
  });

  it("reports a version that forgot what the highest layout ever active had written", async () => {
    const [highest, next] = [
      await readImplementation("AppendedCounter"),
      await readImplementation("CounterV2"),
    ];
    expect(explainIncompatible(highest, next)).to.include("owner");
  });
});
