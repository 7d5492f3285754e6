import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { readPage } from "../../scripts/lib/pages/markdown.js";

const PARTS = ["Attack", "Stopped by", "Shown by", "Left"];

const { sections } = await readPage("docs/threat-model.md");
const threats = sections
  .filter(({ heading }) => heading.startsWith("Threats: "))
  .flatMap(({ text }) => text.split(/^### /m).slice(1))
  .map((text) => ({ name: text.slice(0, text.indexOf("\n")), text }));

/** The tests that a text links to, by their titles. */
const testsIn = (text: string) =>
  Array.from(text.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g), ([, title, file]) => ({
    title: title!.replaceAll(/\s+/g, " "),
    file: file!,
  }));

describe("the threat model", () => {
  it("says of every threat what stops it, which test shows that, and what is left", () => {
    expect(threats).not.to.be.empty;
    for (const { name, text } of threats) {
      const parts = Array.from(text.matchAll(/^- \*\*([^*]+)\*\*: \S/gm), ([, part]) => part);
      expect(parts, name).to.deep.equal(PARTS);
      expect(testsIn(text), `${name}: links to no test`).not.to.be.empty;
    }
  });

  it("links to tests that exist, by their titles", async () => {
    const missing: string[] = [];
    for (const { title, file } of sections.flatMap(({ text }) => testsIn(text))) {
      const source = await readFile(file, "utf8");
      const isThere =
        source.includes(`describe("${title}"`) ||
        source.includes(`it("${title}"`) ||
        source.includes(`function ${title}(`);
      if (!isThere) missing.push(`${file}: ${title}`);
    }
    expect(missing).to.deep.equal([]);
  });
});
