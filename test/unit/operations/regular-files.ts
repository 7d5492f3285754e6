import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { z } from "zod/v4";

import { LineFile } from "../../../scripts/lib/operations/lines.js";
import { readRegular } from "../../../scripts/lib/regular-file.js";

/** What a folder holds under the name of a file need not be one. */
describe("a file that somebody else may have put there", () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "holdfast-regular-"));
    await promisify(execFile)("mkfifo", [at("pipe")]);
    await mkdir(at("directory"));
    await symlink("/dev/zero", at("endless"));
    await writeFile(at("file"), "à la carte");
    await symlink(at("file"), at("link"));
  });
  after(() => rm(folder, { recursive: true }));

  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "none",
      (problem: NodeJS.ErrnoException) => [problem.code, typeof problem.syscall],
    );

  it("is read if it is one, or leads to one", async () => {
    expect(await readRegular(at("file"))).to.equal("à la carte");
    expect(await readRegular(at("link"))).to.equal("à la carte");
  });

  it("is refused like what cannot be read, and nobody waits for it, if it is anything else", async () => {
    for (const [name, code] of [
      ["none", "ENOENT"],
      ["pipe", "EINVAL"],
      ["endless", "EINVAL"],
      ["directory", "EISDIR"],
    ] as const)
      expect(await codeOf(readRegular(at(name))), name).to.deep.equal([code, "string"]);
  });

  it("is refused if it is longer than is said, to the byte", async () => {
    expect(await readRegular(at("file"), 11)).to.equal("à la carte");
    expect(await codeOf(readRegular(at("file"), 10))).to.deep.equal(["EFBIG", "string"]);
  });

  it("is not appended to either", async () => {
    for (const name of ["pipe", "endless"])
      expect(await codeOf(new LineFile(at(name), z.int()).add(1)), name).to.deep.equal(["EINVAL", "string"]);
    const lines = new LineFile(at("lines"), z.int());
    await lines.add(1);
    await lines.add(2);
    expect([await lines.read(), await readFile(lines.path, "utf8")]).to.deep.equal([[1, 2], "1\n2\n"]);
  });
});
