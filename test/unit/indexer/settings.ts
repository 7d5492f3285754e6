import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { poolSize, setting } from "../../../indexer/settings.js";

describe("the indexer's settings", () => {
  it("come from the environment, or from the file that it names", () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
    const file = join(directory, "url");
    writeFileSync(file, "postgres://db/holdfast\n");
    expect(setting({ DATABASE_URL: "postgres://here" }, "DATABASE_URL")).to.equal("postgres://here");
    expect(setting({ DATABASE_URL_FILE: file }, "DATABASE_URL")).to.equal("postgres://db/holdfast");
    expect(setting({}, "DATABASE_URL")).to.equal(undefined);
    expect(() => setting({ DATABASE_URL: "x", DATABASE_URL_FILE: file }, "DATABASE_URL")).to.throw(
      "Both DATABASE_URL and DATABASE_URL_FILE are set: leave one of them out.",
    );
    rmSync(directory, { recursive: true });
    expect(() => setting({ DATABASE_URL_FILE: file }, "DATABASE_URL")).to.throw(
      /^DATABASE_URL_FILE names .* cannot be read/,
    );
  });

  it("refuse a pool that is no number or too small for Ponder's four", () => {
    expect(poolSize({})).to.equal(30);
    expect(poolSize({ HOLDFAST_DATABASE_POOL: "8" })).to.equal(8);
    for (const wrong of ["4", "many", "1e9.5"]) {
      expect(() => poolSize({ HOLDFAST_DATABASE_POOL: wrong })).to.throw(/from 5 on/);
    }
  });
});
