import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { measuredSources } from "../../bench/lib/sources.js";

type Figures = Record<string, unknown>;
interface Results {
  command: string;
  machine: Figures;
  code: Figures;
  payments: number;
  databases: Record<string, Figures>;
}

const MEASURED = {
  index: ["eventsPerSecond", "peakMemoryMiB", "ratioToMinimal"],
  query: ["p95Ms", "p95RatioToSql"],
};

describe("the figures of the read model", () => {
  for (const [name, keys] of Object.entries(MEASURED)) {
    const read = async () => JSON.parse(await readFile(`bench/results/${name}.json`, "utf8")) as Results;

    it(`bench:${name}: are of 100,000 payments, on both databases`, async () => {
      const { command, payments, machine, databases } = await read();
      expect({ command, payments }).to.deep.equal({ command: `npm run bench:${name}`, payments: 100_000 });
      expect(machine).to.include.all.keys("cpu", "cores", "memoryGiB");
      expect(databases).to.have.all.keys("pglite", "postgres");
      for (const figures of Object.values(databases)) {
        for (const key of keys) expect(figures[key], key).to.be.greaterThan(0);
      }
    });

    it(`bench:${name}: were measured of the code as it is; if not: npm run bench:${name}`, async () => {
      const { code } = await read();
      const { schema, handlers } = await measuredSources();
      expect(code.schema).to.equal(schema);
      if (name === "index") expect(code.handlers).to.equal(handlers);
    });
  }
});
