import { glob } from "node:fs/promises";

import { expect } from "chai";

import { readPage } from "../../../scripts/lib/pages/markdown.js";
import { says, sentencesOf } from "../../support/sentences.js";

describe("the pages of the operations", () => {
  it("quote no refusal that is never said", async () => {
    const sentences = await sentencesOf("scripts/**/*.ts", "deploy/*.ts", "contracts/**/*.sol");
    const unsaid: string[] = [];
    let count = 0;
    for await (const file of glob("docs/operations/*.md")) {
      const { sections } = await readPage(file);
      const rows = sections
        .filter(({ heading }) => heading === "When it refuses")
        .flatMap(({ rows }) => rows);
      for (const [said] of rows) {
        for (const [, quoted, code] of said!.matchAll(/“([^”]+)”|`([A-Z]\w+)`/g)) {
          count += 1;
          const quotation = quoted ?? code!;
          if (!sentences.some((sentence) => says(sentence, quotation))) unsaid.push(`${file}: ${quotation}`);
        }
      }
    }
    expect(count).to.be.above(40);
    expect(unsaid).to.deep.equal([]);
  });
});
