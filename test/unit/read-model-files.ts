import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { readModelFiles } from "../../scripts/lib/read-model-files.js";

/** Some 2 s: the schema is made, and code generated from it. */
describe("what is written from the read model's schema", function () {
  this.timeout(60_000);

  it("is current: else run `npm run schemas:read-model` and commit what it writes", async () => {
    for (const [path, text] of await readModelFiles()) {
      expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).to.equal(text);
    }
  });

  it("says of every column of money what it is", async () => {
    const reference = await readFile(new URL("../../docs/schema.md", import.meta.url), "utf8");
    for (const column of ["held", "released", "refunded", "feeTaken", "credits", "debit", "balance"]) {
      const rows = reference.match(new RegExp(`^\\| \`${column}\` .*$`, "gm"));
      expect(rows, column).to.not.equal(null);
      for (const row of rows!) expect(row.split("|")[3]!.trim(), row).to.not.equal("");
    }
  });
});
