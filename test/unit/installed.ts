import { expect } from "chai";

// Plain JavaScript, because it runs before anything is installed.
import { findGap } from "../../scripts/lib/installed.js";

const machine = { os: "linux", cpu: "x64", libc: "glibc" };
const locked = {
  "": { version: "0.1.0" },
  "node_modules/tool": { version: "1.0.0" },
  "node_modules/tool-linux": {
    version: "1.0.0",
    optional: true,
    os: ["linux"],
    cpu: ["x64"],
    libc: ["glibc"],
  },
  "node_modules/tool-musl": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "node_modules/tool-darwin": { version: "1.0.0", optional: true, os: ["darwin"] },
  "node_modules/not-for-linux": { version: "1.0.0", optional: true, os: ["!linux"] },
};
const installed = {
  "node_modules/tool": { version: "1.0.0" },
  "node_modules/tool-linux": { version: "1.0.0" },
};

describe("what is installed", () => {
  it("is complete without the binaries of other machines", () => {
    expect(findGap(locked, installed, machine)).to.equal(undefined);
  });

  it("has a gap where nothing is installed, as after an interrupted install", () => {
    expect(findGap(locked, {}, machine)).to.equal("node_modules/tool is missing");
  });

  it("has a gap where the binary for this machine is missing, which npm skips under too old a Node", () => {
    const { "node_modules/tool": tool } = installed;
    expect(findGap(locked, { "node_modules/tool": tool }, machine)).to.equal(
      "node_modules/tool-linux is missing",
    );
  });

  it("needs another binary on another machine", () => {
    expect(findGap(locked, installed, { ...machine, libc: "musl" })).to.equal(
      "node_modules/tool-musl is missing",
    );
    expect(findGap(locked, installed, { ...machine, os: "darwin" })).to.equal(
      "node_modules/tool-darwin is missing",
    );
  });

  it("has a gap where a version differs from the lockfile", () => {
    const outdated = { ...installed, "node_modules/tool": { version: "0.9.0" } };
    expect(findGap(locked, outdated, machine)).to.equal("node_modules/tool is 0.9.0, not 1.0.0");
  });
});
