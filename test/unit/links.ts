import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

const PAGES = ["*.md", "docs/**/*.md"];

/** What a heading is called in a link to it, as GitHub does it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```$/gm, "");

async function anchorsOf(page: string): Promise<string[]> {
  const headings = withoutCode(await readFile(page, "utf8")).matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, heading]) => anchorOf(heading!));
}

describe("the links of the documentation", () => {
  it("lead to files and headings that are there", async () => {
    const broken: string[] = [];
    let count = 0;
    for await (const page of glob(PAGES)) {
      for (const [, target] of withoutCode(await readFile(page, "utf8")).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target!)) continue;
        count += 1;
        const [file, anchor] = target!.split("#") as [string, string | undefined];
        const found = file === "" ? page : path.join(path.dirname(page), file);
        const isThere =
          existsSync(found) && (anchor === undefined || (await anchorsOf(found)).includes(anchor));
        if (!isThere) broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).to.deep.equal([]);
    expect(count).to.be.greaterThan(100);
  });
});
