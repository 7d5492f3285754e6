import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { rowsOf, type Outcome } from "../../bench/lib/fault-table.js";
import { hints, reasons } from "../../indexer/guard/stop.js";
import { docTable } from "../support/doc-tables.js";
import { faults } from "../support/faults/faults.js";

const page = "docs/faults.md";

describe("the page of faults", () => {
  let outcomes: Outcome[];
  before(async () => {
    const results = await readFile("bench/results/faults.json", "utf8");
    ({ outcomes } = JSON.parse(results) as { outcomes: Outcome[] });
  });

  it("has what came of each on each database", async () => {
    const columns = ["fault", "database", "outcome", "right", "recovery"] as const;
    expect(await docTable(page, "faults", columns)).to.deep.equal(rowsOf(outcomes));
  });

  it("knows none that did not come out right", () => {
    expect(outcomes.filter(({ rounds, right }) => right < rounds || rounds === 0)).to.deep.equal([]);
  });

  it("has none that can no longer be caused", () => {
    expect(faults.map(({ name }) => name)).to.include.members(outcomes.map(({ fault }) => fault));
  });

  it("says of every sentence that an indexer stops with what to do", async () => {
    const text = (await readFile(page, "utf8")).replaceAll(/\n>?\s*/g, " ");
    const stops = [
      reasons.branchLeft("mainnet", 1),
      reasons.otherChain("mainnet", 1, ["rpc.example is of chain 7"]),
      reasons.lostInReorg("mainnet"),
      reasons.stalled("mainnet", 1, 9, 5),
    ].map(({ message }) => message);
    for (const sentence of [...stops, ...hints.map(([, hint]) => hint)]) {
      // The page shows them with a name and numbers of its own.
      const words = sentence.split(/mainnet|\d+|:|\(/).map((part) => part.trim());
      const longest = words.reduce((a, b) => (b.length > a.length ? b : a));
      expect(text).to.include(longest);
    }
  });
});
