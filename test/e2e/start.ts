import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { requireFreePort } from "../../scripts/lib/processes.js";
import { ReadModel } from "../../scripts/lib/read-model.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CHAIN_PORT = 23_545;
const INDEXER_PORT = 23_069;
const OWN_PORTS = ["--chain-port", String(CHAIN_PORT), "--port", String(INDEXER_PORT)];

/** `npm start` as somebody types it. */
class Start {
  readonly #child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  stdout = "";
  #stderr = "";

  constructor(...args: string[]) {
    this.#child = spawn("npm", ["--silent", "start", "--", ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
    });
    this.#child.stdout!.on("data", (data: Buffer) => (this.stdout += data.toString()));
    this.#child.stderr!.on("data", (data: Buffer) => (this.#stderr += data.toString()));
    this.ended = once(this.#child, "close").then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      // About the machine's npm settings, nothing of ours.
      stderr: this.#stderr.replace(/^npm warn .*\n/gm, ""),
    }));
  }

  async untilItSays(words: RegExp): Promise<void> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (!words.test(this.stdout)) {
      if (isOver) throw new Error(`It ended without saying ${words}:\n${this.stdout}${this.#stderr}`);
      await sleep(50);
    }
  }

  /** The process ids of everything that it has started by now, itself included. */
  async family(): Promise<number[]> {
    const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,ppid="]);
    const processes = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
    const family = [this.#child.pid!];
    for (const member of family)
      family.push(...processes.filter(([, parent]) => parent === member).map(([pid]) => pid));
    return family;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Gives what was killed a moment to be gone, no more. */
async function expectNothingLeft(family: number[]): Promise<void> {
  for (let tries = 0; tries < 100 && family.some(isAlive); tries++) await sleep(100);
  expect(family.filter(isAlive), "processes left running").to.deep.equal([]);
  await requireFreePort(CHAIN_PORT, "127.0.0.1");
  await requireFreePort(INDEXER_PORT, "127.0.0.1");
}

describe("npm start", function () {
  this.timeout(300_000);

  it("--once makes payments of every kind, finds no difference and ends with 0", async () => {
    const start = new Start("--once", "--payments", "40", ...OWN_PORTS);
    await start.untilItSays(/Indexing/);
    const family = await start.family();
    const { code, stdout, stderr } = await start.ended;

    expect(stderr).to.equal("");
    expect(stdout).to.match(/Funded\s+│\s+[1-9]\d* │/);
    expect(stdout).to.match(/Disputed\s+│\s+[1-9]\d* │/);
    expect(stdout).to.match(/Closed\s+│\s+[1-9]\d* │/);
    expect(stdout).to.match(/USDC\s+│\s+[\d.]+ │/);
    expect(stdout).to.match(/40 payments in GraphQL compared with the chain at block \d+: no differences\./);
    expect(code).to.equal(0);
    await expectNothingLeft(family);
  });

  it("stays and serves GraphQL with payments going on, until Ctrl-C stops everything", async () => {
    const start = new Start("--payments", "3", ...OWN_PORTS);
    await start.untilItSays(/until Ctrl-C/);
    expect(start.stdout).to.include(`GraphQL  http://127.0.0.1:${INDEXER_PORT}/graphql`);
    expect(start.stdout).to.match(/export BUYER_KEY=0x[0-9a-f]{64}\n/);
    const family = await start.family();

    const readModel = new ReadModel(`http://127.0.0.1:${INDEXER_PORT}`);
    expect(await readModel.count("payments", 31337)).to.be.at.least(3);
    await start.untilItSays(/0x[0-9a-f]{8}… [\d.]+ [A-Z]+ is deposited/);
    while ((await readModel.count("payments", 31337)) < 4) await sleep(100);

    start.signal("SIGINT");
    expect((await start.ended).code).to.equal(0);
    await expectNothingLeft(family);
  });

  it("leaves nothing behind when it is interrupted on the way, or npm is killed", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGKILL", null],
    ] as const) {
      const start = new Start("--once", "--payments", "500", ...OWN_PORTS);
      await start.untilItSays(/Making/);
      const family = await start.family();
      start.signal(signal);
      expect((await start.ended).code, signal).to.equal(code);
      await expectNothingLeft(family);
    }
  });

  describe("on a chain that runs already", () => {
    let anvil: Anvil;
    before(async () => (anvil = await startAnvil({ port: CHAIN_PORT })));
    after(() => anvil?.stop());

    it("deploys once and adds payments to those that are there", async () => {
      for (const payments of [3, 6]) {
        const start = new Start(
          "--once",
          "--payments",
          "3",
          "--rpc",
          anvil.url,
          "--port",
          String(INDEXER_PORT),
        );
        const { code, stdout, stderr } = await start.ended;
        expect(stderr).to.equal("");
        expect(stdout).to.match(new RegExp(`\\n${payments} payments in GraphQL .* no differences\\.`));
        expect(code).to.equal(0);
      }
    });
  });

  describe("says in one sentence what is in the way", () => {
    const servers: Server[] = [];
    let mainnet: Anvil;
    const OTHER_CHAIN_PORT = 23_546;
    const listen = async (port: number) => {
      const server = createServer((_, response) => response.end("{}")).listen(port, "127.0.0.1");
      servers.push(server);
      await once(server, "listening");
    };
    before(async () => (mainnet = await startAnvil({ port: OTHER_CHAIN_PORT, chainId: 1 })));
    after(() => mainnet?.stop());
    afterEach(async () => {
      for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    });

    const refusals: { what: string; args: string[]; says: RegExp; taken?: number }[] = [
      {
        what: "the indexer's port is taken",
        args: OWN_PORTS,
        taken: INDEXER_PORT,
        says: /^Port 23069 .* is taken.* --port\.$/,
      },
      {
        what: "the chain's port is taken",
        args: OWN_PORTS,
        taken: CHAIN_PORT,
        says: /^Port 23545 .* is taken.* --rpc http:\S+$/,
      },
      {
        what: "a dead RPC",
        args: ["--rpc", `http://127.0.0.1:${CHAIN_PORT}`],
        says: /^No chain answers at http:\S+\. /,
      },
      {
        what: "an RPC that is none",
        args: ["--rpc", `http://127.0.0.1:${CHAIN_PORT}`],
        taken: CHAIN_PORT,
        says: /^What answers at http:\S+ is not a chain/,
      },
      {
        what: "a chain of another id",
        args: ["--rpc", `http://127.0.0.1:${OTHER_CHAIN_PORT}`],
        says: /^The chain at http:\S+ has the id 1:/,
      },
      { what: "an RPC of another kind", args: ["--rpc", "ws://127.0.0.1"], says: /^--rpc takes .* not ws:/ },
      {
        what: "a negative number of payments",
        args: ["--payments", "-1"],
        says: /^--payments takes .* not -1\.$/,
      },
      {
        what: "a number of payments in words",
        args: ["--payments", "many"],
        says: /^--payments takes .* not many\.$/,
      },
      { what: "a port that is none", args: ["--port", "65536"], says: /^--port takes .* not 65536\.$/ },
      {
        what: "one port for two",
        args: ["--port", "9000", "--chain-port", "9000"],
        says: /^--port and --chain-port are both 9000/,
      },
    ];
    for (const { what, args, says, taken } of refusals) {
      it(what, async () => {
        if (taken !== undefined) await listen(taken);
        const { code, stdout, stderr } = await new Start(
          ...args,
          ...(args.includes("--rpc") ? ["--port", String(INDEXER_PORT)] : []),
        ).ended;
        expect(stdout).to.equal("");
        expect(stderr.trimEnd().split("\n")).to.have.lengthOf(1);
        expect(stderr.trimEnd()).to.match(says);
        expect(code).to.equal(2);
      });
    }

    it("an option that there is none of", async () => {
      const { code, stderr } = await new Start("--pamynets", "3").ended;
      expect(stderr).to.match(/Invalid option "--pamynets"/);
      expect(code).to.equal(1);
    });
  });

  it("--help lists what it takes", async () => {
    const { code, stdout } = await new Start("--help").ended;
    for (const option of ["--once", "--payments", "--port", "--chain-port", "--rpc"])
      expect(stdout).to.include(option);
    expect(code).to.equal(0);
  });
});
