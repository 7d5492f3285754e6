import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import hre, { network } from "hardhat";
import type { Task } from "hardhat/types/tasks";

import { Fault } from "../../deploy/fault.js";
import { asking } from "../../scripts/lib/mode/asking.js";
import { EFFECTS, type Effect } from "../../scripts/lib/mode/effects.js";
import { isWriting, MODES, modeOf } from "../../scripts/lib/mode/mode.js";
import { keepsRecords, mayWrite, mode, requireLive } from "../../scripts/lib/mode.js";
import { ended } from "../support/ended.js";

describe("the mode", () => {
  const before = process.env.HOLDFAST_MODE;
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env.HOLDFAST_MODE;
    else process.env.HOLDFAST_MODE = value;
  };
  beforeEach(() => set(undefined));
  after(() => set(before));

  it("is live where nobody says otherwise", () => {
    expect(modeOf(undefined, {})).to.equal("live");
    expect(mode()).to.equal("live");
  });

  it("is the stricter of what was typed and what the environment says", () => {
    const both = MODES.map((typed) => MODES.map((HOLDFAST_MODE) => modeOf(typed, { HOLDFAST_MODE })));
    expect(both).to.deep.equal([
      ["live", "dry-run", "read-only"],
      ["dry-run", "dry-run", "read-only"],
      ["read-only", "read-only", "read-only"],
    ]);
  });

  it("is never live by a typo", () => {
    for (const word of ["readonly", "Live", "dry run", "true"]) {
      expect(() => modeOf(word, {}), word).to.throw(Fault, `--mode is one of live, dry-run, read-only`);
      expect(() => modeOf(undefined, { HOLDFAST_MODE: word }), word).to.throw(
        Fault,
        "HOLDFAST_MODE is one of",
      );
    }
  });

  it("says whether to write: yes, no, or never", () => {
    expect([mayWrite("it"), keepsRecords()]).to.deep.equal([true, true]);
    requireLive("it");
    set("dry-run");
    expect([mayWrite("it"), keepsRecords()]).to.deep.equal([false, false]);
    expect(() => requireLive("it")).to.throw(Fault, "This is a dry run, and it has none");
    set("read-only");
    expect(keepsRecords()).to.equal(false);
    expect(() => mayWrite("it")).to.throw(Fault, "This is read-only, and it writes");
    expect(() => requireLive("it")).to.throw(Fault, "This is read-only, and it writes");
  });

  describe("and tasks", () => {
    const tasks = allTasks();
    const having = (...effects: Effect[]) =>
      Object.keys(EFFECTS).filter((id) => effects.includes(EFFECTS[id]!));

    it("is decided for every task that there is, and for no other", () => {
      expect(Object.keys(EFFECTS)).to.have.members(tasks.map(idOf));
    });

    /** What a task says and ends with in a mode, without anything that it needs. */
    const refusalOf = async (id: string, value: string, more: Record<string, string> = {}) => {
      set(value);
      const { error: print } = console;
      const said: string[] = [];
      console.error = (line: unknown) => said.push(String(line));
      try {
        const task = hre.tasks.getTask(id.split(" "));
        const required = [...task.positionalArguments.values()].filter(
          ({ defaultValue }) => defaultValue === undefined,
        );
        const args = { ...Object.fromEntries(required.map(({ name }) => [name, "unlikely"])), ...more };
        const { exits } = await ended(() => task.run(args));
        return { said: said.join("\n"), exitCode: exits };
      } finally {
        console.error = print;
      }
    };

    it("refuses each that can write in read-only, before anything of it is done", async () => {
      const kept = await digestOf(hre.config.paths.ignition);
      for (const id of having("tries", "writes")) {
        const { said, exitCode } = await refusalOf(id, "read-only");
        expect([said.split(",")[0], exitCode], id).to.deep.equal(["This is read-only", 2]);
        expect(said, id).to.include(id);
      }
      expect(await digestOf(hre.config.paths.ignition)).to.equal(kept);
    });

    it("refuses each, also a look, in what is no mode", async () => {
      for (const id of Object.keys(EFFECTS)) {
        const refused = await refusalOf(id, "readonly");
        expect(refused, id).to.deep.equal({
          said: "HOLDFAST_MODE is one of live, dry-run, read-only; it was readonly.",
          exitCode: 2,
        });
      }
    });

    it("refuses to write a look into a file", async () => {
      const out = path.join(hre.config.paths.root, ".holdfast", "never.json");
      for (const id of ["reconcile", "reconcile daily", "reconcile aging"]) {
        const { said, exitCode } = await refusalOf(id, "read-only", { out });
        expect([said.split(":")[0], exitCode], id).to.deep.equal([
          "This is read-only, and reconcile --out writes",
          2,
        ]);
      }
    });

    it("refuses each that has no dry run in one", async () => {
      for (const id of having("writes")) {
        const { said, exitCode } = await refusalOf(id, "dry-run");
        expect([said, exitCode], id).to.deep.equal([
          `This is a dry run, and ${id} has none: nothing was done. Whoever means it leaves HOLDFAST_MODE and --mode out.`,
          2,
        ]);
      }
    });

    it("takes a task that nobody has classified for one that writes", async () => {
      const { error: print } = console;
      set("read-only");
      console.error = () => {};
      try {
        let isRun = false;
        await ended(async () => await asking("some new task", () => (isRun = true))({}, hre));
        expect(isRun).to.equal(false);
      } finally {
        console.error = print;
      }
    });
  });

  describe("and chains", () => {
    it("knows what writes", () => {
      const writing = [
        ...["eth_sendTransaction", "eth_sendRawTransaction", "eth_sign", "eth_signTypedData_v4"],
        ...[
          "personal_sign",
          "evm_mine",
          "anvil_setBalance",
          "hardhat_setCode",
          "hardhat_mine",
          "debug_setHead",
        ],
      ];
      const asking = [
        ...["eth_call", "eth_getLogs", "eth_getTransactionReceipt", "eth_estimateGas", "eth_chainId"],
        ...[
          "debug_traceTransaction",
          "net_version",
          "web3_clientVersion",
          "anvil_nodeInfo",
          "hardhat_metadata",
        ],
      ];
      expect(writing.filter((method) => !isWriting(method))).to.deep.equal([]);
      expect(asking.filter(isWriting)).to.deep.equal([]);
    });

    it("keeps from a network what writes, whoever asks, and lets questions through", async () => {
      const override = { url: "http://127.0.0.1:1" };
      const { provider } = await network.create({ network: "local", override });
      const ask = (method: string) =>
        provider.request({ method, params: [] }).then(
          () => "answered",
          (error: Error) => error.message,
        );
      for (const value of ["dry-run", "read-only"]) {
        set(value);
        expect(await ask("evm_mine")).to.include("evm_mine was kept from the network local");
        expect(await ask("eth_blockNumber")).to.include("Cannot connect");
      }
      set("live");
      expect(await ask("evm_mine")).to.include("Cannot connect");
    });

    it("leaves Hardhat's own chain in memory alone", async () => {
      const { provider } = await network.create();
      set("read-only");
      await provider.request({ method: "evm_mine", params: [] });
      expect(Number(await provider.request({ method: "eth_blockNumber", params: [] }))).to.equal(1);
    });
  });
});

const idOf = ({ id }: Task) => id.join(" ");

/** Every task that does something. */
function allTasks(tasks: Iterable<Task> = hre.tasks.rootTasks.values()): Task[] {
  return [...tasks].flatMap((task) => [...(task.isEmpty ? [] : [task]), ...allTasks(task.subtasks.values())]);
}

/** A digest of all files below a folder. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).sort((one, other) =>
    path.join(one.parentPath, one.name) < path.join(other.parentPath, other.name) ? -1 : 1,
  )) {
    if (entry.isFile())
      hash.update(entry.name).update(await readFile(path.join(entry.parentPath, entry.name)));
  }
  return hash.digest("hex");
}
