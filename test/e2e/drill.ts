import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import type { Timings } from "../../scripts/drill/play.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `npm run drill` as somebody types it. */
async function drill(...args: string[]) {
  const child = spawn("npm", ["--silent", "run", "drill", "--", ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

describe("npm run drill", function () {
  this.timeout(300_000);

  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(tmpdir(), "holdfast-drill-"))));
  after(() => rm(folder, { recursive: true }));

  it("takes a bad upgrade back within a minute of seeing it, and loses nothing", async () => {
    const file = path.join(folder, "timings.json");
    const { code, stdout, stderr } = await drill("--timings", file);
    expect(code, `${stdout}${stderr}`).to.equal(0);
    expect(stdout).to.match(/\d+ payments, and every unit of their money is where it belongs\./);
    const { steps, response } = JSON.parse(await readFile(file, "utf8")) as Timings;
    expect(response.seconds).to.be.within(0.1, 60);
    for (const { does } of steps) expect(stdout).to.include(does);
  });

  it("says which scenarios there are", async () => {
    const { code, stderr } = await drill("worse-upgrade");
    expect(stderr).to.include("There is no scenario worse-upgrade").and.to.include("bad-upgrade: ");
    expect(code).to.equal(2);
  });

  it("--help tells what it takes", async () => {
    const { code, stdout } = await drill("--help");
    expect(stdout).to.include("--timings").and.to.include("bad-upgrade");
    expect(code).to.equal(0);
  });

  it("--list tells the scenarios, and plays none", async () => {
    const { code, stdout } = await drill("--list");
    expect(stdout).to.match(/^bad-upgrade: \S.*\n(\S+: .*\n)*$/);
    expect(code).to.equal(0);
  });
});
