import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { requireMode } from "../../../indexer/mode.js";

const PONDER = fileURLToPath(new URL("bin/ponder.js", import.meta.resolve("ponder")));

describe("the indexer's mode", () => {
  const refusalOf = (command: string | undefined, HOLDFAST_MODE?: string) => {
    try {
      requireMode(command, { HOLDFAST_MODE });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("lets everything pass when live, and in every mode what only reads", () => {
    for (const mode of [undefined, "", "live"]) expect(refusalOf("start", mode)).to.equal(undefined);
    for (const mode of ["dry-run", "read-only"])
      for (const command of ["serve", "list", "codegen", undefined])
        expect(refusalOf(command, mode), command).to.equal(undefined);
  });

  it("refuses whatever writes an index, also what nobody knows", () => {
    for (const command of ["start", "dev", "prune", "create-views", "new"]) {
      expect(refusalOf(command, "read-only")).to.include(`This is read-only, and ponder ${command} writes`);
      expect(refusalOf(command, "dry-run")).to.include(`This is a dry run, and ponder ${command} has none`);
    }
  });

  it("is never live by a typo", () => {
    for (const command of ["start", "serve"])
      expect(refusalOf(command, "readonly")).to.include("HOLDFAST_MODE is one of live, dry-run, read-only");
  });

  it("is asked by Ponder before anything else", function () {
    this.timeout(120_000);
    const env = { ...process.env, HOLDFAST_MODE: "read-only", DATABASE_URL: "postgres://127.0.0.1:1/none" };
    const args = [PONDER, "start", "--root", "indexer", "--schema", "unlikely", "--log-format", "json"];
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    expect(stdout).to.include("This is read-only, and ponder start writes: nothing was done.");
    expect(status).to.equal(1);
  });
});
