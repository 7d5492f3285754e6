import { readFileSync } from "node:fs";

import { expect } from "chai";
import type { Suite, Test } from "mocha";

/** Adds a test that the suite around it has exactly the branches of its tree in `test/specs/<file>`, in that order. */
export function itFollows(file: string): void {
  it(`follows ${file}`, function () {
    const thisTest = this.test as Test;
    const suite = thisTest.parent!;
    expect(outline(suite, thisTest)).to.equal(treeOf(file, suite.title));
  });
}

function outline(suite: Suite, without: Test): string {
  return [suite.title, ...branches(suite, without)].join("\n");
}

function branches(suite: Suite, without: Test): string[] {
  const children = [...suite.tests.filter((test) => test !== without), ...suite.suites];
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const [title, below] =
      "suites" in child ? [child.title, branches(child, without)] : [`it ${child.title}`, []];
    return [(isLast ? "└── " : "├── ") + title, ...below.map((line) => (isLast ? "    " : "│   ") + line)];
  });
}

/** The trees of a file are separated by empty lines; the first line of each is its root. */
function treeOf(file: string, root: string): string | undefined {
  const trees = readFileSync(new URL(file, import.meta.url), "utf8")
    .trimEnd()
    .split("\n\n");
  return trees.find((tree) => tree.split("\n")[0] === root);
}
