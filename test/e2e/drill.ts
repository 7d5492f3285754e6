import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import type { ByHandTimings, PlayedTimings } from "../../scripts/drill/exercise/times.js";
import { INCIDENTS } from "../../scripts/drill/incidents/index.js";
import type { Timings } from "../../scripts/drill/play.js";
import { whatIsMissing } from "../../scripts/drill/stack/missing.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [missing] = whatIsMissing();

/** `npm run drill` as somebody types it, with these lines piped into it. */
async function drill(args: readonly string[], lines: readonly string[] = []) {
  const child = spawn("npm", ["--silent", "run", "drill", "--", ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said, all: `${said.stdout}${said.stderr}` };
}

let folder: string;
before(async () => (folder = await mkdtemp(path.join(tmpdir(), "holdfast-drill-"))));
after(() => rm(folder, { recursive: true }));

/** Plays something, and reads what it wrote of how long it took. */
async function measured<Measured>(args: readonly string[], lines?: readonly string[]) {
  const file = path.join(folder, `${args.join("-")}.json`);
  const said = await drill([...args, "--timings", file], lines);
  const read = async () => JSON.parse(await readFile(file, "utf8")) as Measured & { command: string };
  return { ...said, read };
}

describe("npm run drill", function () {
  this.timeout(300_000);

  it("takes a bad upgrade back within a minute of seeing it, and loses nothing", async () => {
    const { code, stdout, all, read } = await measured<Timings>(["bad-upgrade"]);
    expect(code, all).to.equal(0);
    expect(stdout).to.match(/\d+ payments, and every unit of their money is where it belongs\./);
    const { steps, response } = await read();
    expect(response.seconds).to.be.within(0.1, 60);
    for (const { does } of steps) expect(stdout).to.include(does);
  });

  it("says which scenarios there are", async () => {
    const { code, stderr } = await drill(["worse-upgrade"]);
    expect(stderr).to.include("There is no scenario worse-upgrade").and.to.include("bad-upgrade: ");
    expect(code).to.equal(2);
  });

  it("--help tells what it takes", async () => {
    const { code, stdout } = await drill(["--help"]);
    expect(stdout).to.include("--timings").and.to.include("--by-hand").and.to.include("bad-upgrade");
    expect(code).to.equal(0);
  });

  it("--list tells every scenario and every incident with its page, and plays none", async () => {
    const { code, stdout } = await drill(["--list"]);
    expect(stdout).to.match(/^bad-upgrade: \S.*\n(\S+: .*\n)*$/);
    const lines = stdout.split("\n");
    for (const { name, runbook } of INCIDENTS) {
      const told = lines.find((line) => line.startsWith(`${name}: `));
      expect(told, name).to.include(`docs/runbooks/${runbook}.md`);
    }
    expect(code).to.equal(0);
  });
});

(missing === undefined ? describe : describe.skip)(
  missing === undefined
    ? "npm run drill with an incident"
    : `npm run drill with an incident (skipped: ${missing})`,
  function () {
    this.timeout(300_000);

    it("shows what the pager says, every command of the page, what it printed, and how long it took", async () => {
      const { code, stdout, all, read } = await measured<PlayedTimings>(["stale-endpoint"]);
      expect(code, all).to.equal(0);
      expect(stdout).to.match(/The pager rings, \d+\.\d s after it happened:\n {2}HoldfastRpcEndpointBehind/);
      expect(stdout).to.match(/ {2}\S+ is \d+ blocks behind other endpoints of local\.\n/);
      expect(stdout).to.include("runbook: docs/runbooks/slow-rpc.md");
      const page = await readFile(path.join(root, "docs/runbooks/slow-rpc.md"), "utf8");
      for (const [, commands] of page.matchAll(/^```sh runbook.*\n(.*)\n/gm))
        expect(stdout).to.include(`$ ${commands}`);
      expect(stdout).to.match(/endpoints -- "\$BAD_ENDPOINT" --labels < .*\n {2}left: \S+\n/);
      expect(stdout).to.include("The pager says that HoldfastRpcEndpointBehind is over.");
      expect(stdout).to.include("The read model agrees with the chain.");
      const { command, causeToAlert, commandsToRecovered, commandsToResolved } = await read();
      expect(command).to.match(/^npm run drill -- stale-endpoint --timings /);
      for (const seconds of [causeToAlert, commandsToRecovered, commandsToResolved])
        expect(seconds).to.be.within(0.1, 180);
    });

    it("by hand: tells what people report, takes what they type, and sees that it is put right", async () => {
      const { code, stdout, all, read } = await measured<ByHandTimings>(
        ["duplicate-payment", "--by-hand"],
        [
          `eval "$(drill | grep '^  export ')"`,
          "drill as OPERATOR",
          "npx hardhat payment refund --network $NETWORK --payment $LATER --amount all --from $MY_ADDRESS --yes",
          "docker compose ps --all --format '{{.Service}} {{.State}}'",
          "exit",
        ],
      );
      expect(code, all).to.equal(0);
      expect(stdout).to.include("Somebody reports: A buyer pays twice for one order.");
      expect(stdout).to.not.include("runbook:");
      expect(stdout).to.include("Done: the payment is Closed").and.to.include("writer running");
      expect(stdout).to.include("All is well.");
      expect((await read()).toldToLeft).to.be.within(0.1, 180);
    });

    it("by hand: says what is still wrong when people leave too early", async () => {
      const { code, stdout } = await drill(["duplicate-payment", "--by-hand"]);
      expect(stdout).to.include("Still wrong:").and.to.include("did not show “1 counts”");
      expect(stdout).to.not.include("All is well.");
      expect(code).to.equal(1);
    });

    it("by hand: refuses to begin where nobody can type", async () => {
      const child = spawn("npm", ["--silent", "run", "drill", "--", "leak", "--by-hand"], {
        cwd: root,
        env: { ...process.env, NODE_OPTIONS: "" },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      const [code] = (await once(child, "close")) as [number | null];
      expect(stderr).to.include("start it in a terminal, or pipe the commands into it");
      expect(code).to.equal(2);
    });
  },
);
