import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { BrowserProvider, id } from "ethers";

import { ROLES } from "../../../deploy/roles.js";
import { Execution } from "../../../scripts/lib/operations/execution.js";
import { attemptsFolder } from "../../../scripts/lib/operations/attempts.js";
import { aRollback, findKept, type Wanted } from "../../../scripts/lib/operations/kept.js";
import { LogPatience } from "../../../scripts/lib/operations/log-patience.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { outcomesOf, type Verified } from "../../../scripts/lib/operations/outcomes.js";
import type { Suite } from "../../../scripts/lib/operations/suite.js";
import { toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { verify } from "../../../scripts/lib/operations/verification.js";
import { carryOutKept } from "../../../scripts/ops/act.js";
import { execute } from "../../../scripts/ops/execute.js";
import { meddledWhole, meddledWith, signAs } from "../../support/ceremony.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { ended } from "../../support/ended.js";
import { AdminChain, faultOf } from "../../support/operations.js";

/** Longer than it takes to lift it. */
const PAUSE_SECONDS = 3 * 86_400;

/** An upgrade that was carried out, and its rollback, signed by a key, in the moment in which it is needed. */
describe("what was signed beforehand, when it is needed", function () {
  let chain: AdminChain;
  let opened: OpenManifest;

  before(async () => {
    chain = await AdminChain.start();
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: PAUSE_SECONDS }), { verb: "upgrade" });
    await signAs(connection, opened, [deployed.holders.GUARDIAN.address]);
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    await chain.keep();
  });
  afterEach(async () => {
    await rm(attemptsFolder(opened), { recursive: true, force: true });
    await chain.reset();
  });
  after(() => chain.stop());

  /** The suite behind an endpoint that answers questions for logs like this, apart from those of the AccessManager alone. */
  const withLogs = (answer: () => Promise<unknown>): Suite => {
    const meddled = meddledWhole(chain.connection, ({ method, params }, otherwise) => {
      const [filter] = (params ?? []) as { address?: unknown }[];
      return method === "eth_getLogs" && Array.isArray(filter!.address) ? answer() : otherwise();
    });
    return { ...chain.suite, connection: meddled };
  };
  const kept = async (suite: Suite) => {
    const told: string[] = [];
    const tell = (sentence: string) => void told.push(sentence);
    const found = await findKept(suite, aRollback(suite, "escrow"), { directory: chain.folder, tell });
    return { step: found?.step.id, told };
  };
  const withoutRecord = async (work: () => Promise<void>) => {
    const [record, elsewhere] = ["outcome.jsonl", "elsewhere"].map((name) => path.join(opened.folder, name));
    await rename(record!, elsewhere!);
    try {
      await work();
    } finally {
      await rename(elsewhere!, record!);
    }
  };
  const refuse = () => Promise.reject(new Error("query exceeds the range"));

  it("asks for no logs of steps that are not needed for it", async () => {
    // A pause was carried out by other means, of which only the logs tell.
    await chain.sendAs(opened.step("pause-1").account, opened.step("pause-1").transaction);
    let asked = 0;
    const refuseAndCount = () => {
      asked += 1;
      return refuse();
    };
    const { step, told } = await kept(withLogs(refuseAndCount));
    expect(step).to.equal("rollback-2");
    expect(told).to.deep.equal([]);
    // Of the rung whose nonce that pause took.
    expect(asked).to.equal(1);
  });

  it("does not wait for what the upgrade left in logs, if the endpoint does not tell", async () => {
    await withoutRecord(async () => {
      expect(await kept(withLogs(refuse))).to.deep.equal({ step: "rollback-1", told: [] });
      const silent = () => new Promise<never>(() => {});
      expect(await kept(withLogs(silent))).to.deep.equal({ step: "rollback-1", told: [] });
    });
  });

  it("can be sent with such an endpoint", async () => {
    await withoutRecord(async () => {
      await new Execution(withLogs(refuse), opened).require(opened.step("rollback-1"));
    });
  });

  describe("and asked for again", () => {
    /** As `ops pause` or `ops rollback`, typed once; tells what it did. */
    const type = async (wanted: Wanted) => {
      const { suite } = chain;
      const told: string[] = [];
      const tell = (line: string) => void told.push(line);
      const found = await findKept(suite, wanted, { directory: chain.folder, tell });
      if (found === undefined) return { step: undefined, told };
      // Its number is of no matter; `execute` names it in what to type.
      const { outcome, exits } = await ended(() => carryOutKept({ suite, ...found, yes: true, tell }));
      return { step: outcome.kept.step, executed: outcome.executed, exits, told };
    };
    const sentBy = (step: string) =>
      chain.connection.ethers.provider.getTransactionCount(opened.step(step).account);
    const aKeptPause: Wanted = (call) => call.function.startsWith("pause(");

    it("is a pause sent once, until it is over", async () => {
      const first = await type(aKeptPause);
      expect([first.step, first.exits]).to.deep.equal(["pause-1", undefined]);
      const sent = await sentBy("pause-1");
      const again = await type(aKeptPause);
      expect([again.step, await sentBy("pause-1")]).to.deep.equal(["pause-1", sent]);
      expect(again.executed?.carriedOut.map(({ step }) => step)).to.include("pause-1");
      expect(again.told.join("\n"))
        .to.include("still holds, so nothing is sent")
        .and.match(/--step <rung>/);
      // The rollback that shares the next rung's nonce is still there.
      expect((await kept(chain.suite)).step).to.equal("rollback-2");
      await chain.pass(PAUSE_SECONDS);
      const second = await type(aKeptPause);
      // It was foretold for a suite that nobody had paused before.
      expect([second.step, second.exits]).to.deep.equal(["pause-2", 1]);
    });

    it("is a pause sent again after it was lifted", async () => {
      await type(aKeptPause);
      const { accessManager, escrow, holders } = chain.deployed;
      const bits = Number(opened.step("pause-1").call.arguments[0]!.value);
      const data = escrow.interface.encodeFunctionData("unpause", [bits]);
      await (await accessManager.connect(holders.UNPAUSER).schedule(escrow, data, 0)).wait();
      await chain.pass(ROLES.UNPAUSER.executionDelay);
      await (await holders.UNPAUSER.sendTransaction({ to: escrow, data })).wait();
      expect((await type(aKeptPause)).step).to.equal("pause-2");
    });

    it("is a rollback looked at again, and not said to be impossible", async () => {
      const wanted = aRollback(chain.suite, "escrow");
      expect((await type(wanted)).step).to.equal("rollback-1");
      const sent = await sentBy("rollback-1");
      const again = await type(wanted);
      expect([again.step, await sentBy("rollback-1")]).to.deep.equal(["rollback-1", sent]);
      expect(again.told.join("\n")).to.include("was carried out already");
    });
  });

  it("waits for an endpoint that does not answer once, and not at every look", async () => {
    // Of the rung whose nonce that pause took, only the logs tell.
    await chain.sendAs(opened.step("pause-1").account, opened.step("pause-1").transaction);
    const suite = withLogs(() => new Promise<never>(() => {}));
    const logs = new LogPatience(200);
    const began = Date.now();
    await withoutRecord(async () => {
      const wanted = aRollback(suite, "escrow");
      expect((await findKept(suite, wanted, { directory: chain.folder, logs }))?.step.id).to.equal(
        "rollback-2",
      );
      const execution = new Execution(suite, opened, { logs });
      await execution.record({ isUrgent: true });
      await execution.require(opened.step("rollback-2"));
      // Any of the three would wait longer by itself.
      expect(Date.now() - began).to.be.lessThan(5_000);
    });
  });

  it("asks no more for attempts that somebody filled", async () => {
    const attempts = attemptsFolder(opened);
    await mkdir(attempts);
    const line = { nonce: 0, raw: null, gasLimit: "1", maxFeePerGas: "1", maxPriorityFeePerGas: "1" };
    const at = new Date().toISOString();
    const lines = Array.from({ length: 2_000 }, (_, i) =>
      JSON.stringify({ ...line, hash: id(String(i)), at }),
    );
    const { account } = opened.step("rollback-1");
    await writeFile(path.join(attempts, `rollback-1-${account}.jsonl`), `${lines.join("\n")}\n`);
    let asked = 0;
    const connection = meddledWhole(chain.connection, (_, answer) => {
      asked += 1;
      return answer();
    });
    try {
      await new Execution({ ...chain.suite, connection }, opened).record({ isUrgent: true });
      expect(asked).to.be.lessThan(100);
    } finally {
      await rm(attempts, { recursive: true });
    }
  });

  it("asks no more for a record that somebody filled, and knows what was sent", async () => {
    await withoutRecord(async () => {
      const { number: block, hash: blockHash } = (await chain.connection.ethers.provider.getBlock("latest"))!;
      const line = { kind: "carried out", block, blockHash, time: 1, by: opened.step("rollback-1").account };
      const lines = ["rollback-1", "pause-1", "schedule", "execute"].flatMap((step) =>
        Array.from({ length: 2_000 }, (_, i) =>
          JSON.stringify({ ...line, step, hash: id(`${step} ${i}`), surprises: [] }),
        ),
      );
      await writeFile(path.join(opened.folder, "outcome.jsonl"), `${lines.join("\n")}\n`);
      let asked = 0;
      const connection = meddledWhole(chain.connection, ({ method, params }, answer) => {
        if (method === "eth_getTransactionReceipt") asked += 1;
        const [filter] = (params ?? []) as { address?: unknown }[];
        return method === "eth_getLogs" && Array.isArray(filter!.address) ? refuse() : answer();
      });
      const suite = { ...chain.suite, connection };
      const operation = { number: 1, name: "test", path: opened.folder };
      const outcome = await execute({ suite, opened, operation, yes: true, tell: () => {} }, "rollback-1");
      await rm(path.join(opened.folder, "outcome.jsonl"));
      expect(outcome.carriedOut.map(({ step }) => step)).to.deep.equal(["rollback-1"]);
      expect(outcome.verified?.passed).to.equal(true);
      // Of each of six steps a few at each of five looks.
      expect(asked).to.be.lessThan(300);
    });
  });

  it("pays once for what takes long to look up because somebody named it", async () => {
    const logs = new LogPatience(200);
    const named = (await outcomesOf(opened).read()).flatMap((line) => ("hash" in line ? [line.hash] : []));
    const slow = meddledWhole(chain.connection, ({ method, params }, answer) => {
      const isNamed = method === "eth_getTransactionReceipt" && named.includes((params as string[])[0]!);
      return isNamed ? new Promise(() => {}) : answer();
    });
    const execution = new Execution({ ...chain.suite, connection: slow }, opened, { logs });
    const began = Date.now();
    for (let look = 0; look < 3; look += 1) {
      const { unknown } = await execution.record({ isUrgent: true });
      expect(unknown).to.include("execute");
    }
    expect(Date.now() - began).to.be.lessThan(5_000);
  });

  it("is known to be carried out when it was, by what is unwritable, and no logs", async () => {
    const attempts = attemptsFolder(opened);
    await writeFile(attempts, "in the place of a folder");
    try {
      await withoutRecord(async () => {
        const outcome = await new Execution(withLogs(refuse), opened).carryOut(opened.step("rollback-1"));
        expect(outcome).to.include({ step: "rollback-1", by: opened.step("rollback-1").account });
        await rm(path.join(opened.folder, "outcome.jsonl"), { force: true });
      });
    } finally {
      await rm(attempts);
    }
  });

  it("can be verified with such an endpoint, as a pause with the new code in place", async () => {
    const { account, transaction } = opened.step("pause-1");
    const hash = await chain.sendAs(account, transaction);
    await withoutRecord(async () => {
      const { provider } = chain.connection.ethers;
      const { number: block, hash: blockHash, timestamp: time } = (await provider.getBlock("latest"))!;
      const place = { block, blockHash: blockHash!, time };
      await outcomesOf(opened).add({
        kind: "carried out",
        ...{ step: "pause-1", hash, ...place, by: account, surprises: null },
      });
      for (const answer of [undefined, refuse]) {
        const suite = answer ? withLogs(answer) : chain.suite;
        const { checks } = await verify(suite, opened, { isUrgent: true });
        expect(checks.flatMap(({ problems }) => problems)).to.deep.equal([]);
      }
      await rm(path.join(opened.folder, "outcome.jsonl"));
    });
  });

  it("is still bound to its time by the contracts, where nobody can tell when it began", async () => {
    await chain.pass(chain.deployed.parameters.rollbackWindow + 1);
    await withoutRecord(async () => {
      const work = new Execution(withLogs(refuse), opened).require(opened.step("rollback-1"));
      expect(await faultOf(work)).to.match(/It would revert: .*window/i);
    });
  });

  describe("and something fails once it is sent", () => {
    /** The suite, of which nothing is asked but through this connection. */
    function seenThrough({ provider }: Suite["connection"]): Suite {
      const own = new BrowserProvider(provider, undefined, { cacheTimeout: -1 });
      const ethers = Object.create(chain.connection.ethers, { provider: { value: own } }) as unknown;
      const connection = Object.create(chain.connection, {
        provider: { value: provider },
        ethers: { value: ethers },
      }) as Suite["connection"];
      return { ...chain.suite, connection };
    }
    /** Sends the rollback as `ops rollback` does. */
    async function rollBack(suite: Suite) {
      const told: string[] = [];
      const operation = { number: 1, name: "test", path: opened.folder };
      const desk = { suite, opened, operation, yes: true, tell: (line: string) => void told.push(line) };
      const { outcome, exits } = await ended(() => execute(desk, "rollback-1"));
      return { told: told.join("\n"), exits, ...outcome };
    }
    /** As on a disk that is full: the record can be neither read nor added to. */
    const withoutDisk = (work: () => Promise<void>) =>
      withoutRecord(async () => {
        const record = path.join(opened.folder, "outcome.jsonl");
        await mkdir(record);
        try {
          await work();
        } finally {
          await rm(record, { recursive: true });
        }
      });

    it("is carried out and verified although nothing can be written down", () =>
      withoutDisk(async () => {
        const { told, verified, carriedOut } = await rollBack(chain.suite);
        expect(carriedOut.map(({ step }) => step)).to.deep.equal(["rollback-1"]);
        expect(verified?.passed).to.equal(true);
        expect(told)
          .to.include("All is as it should be.")
          .and.match(/could not be written down: E[A-Z]+/);
        // Once more, and it finds what it did.
        const again = await rollBack(chain.suite);
        expect(again.told).to.include("was carried out already");
        expect(again.verified?.passed).to.equal(true);
      }));

    it("is verified once, and again where that failed or was written before it was carried out", () =>
      // The other cases played on this record too, each on a chain of its own.
      withoutRecord(async () => {
        await rollBack(chain.suite);
        expect((await rollBack(chain.suite)).verified).to.equal(undefined);
        const outcomes = outcomesOf(opened);
        const good = (await outcomes.read()).at(-1)! as Verified;
        for (const planted of [{ passed: false }, { block: 1 }]) {
          await outcomes.add({ ...good, ...planted });
          expect((await rollBack(chain.suite)).verified?.passed, JSON.stringify(planted)).to.equal(true);
        }
      }));

    it("says that it was carried out, and how it ends, if the endpoint dies before it is verified", async () => {
      let isSent = false;
      const meddled = meddledWith(chain.connection, async ({ method }, otherwise) => {
        isSent ||= method === "eth_sendRawTransaction";
        if (isSent && method === "eth_getBlockByNumber")
          throw Object.assign(new Error("over quota at https://rpc.example/key"), { name: "ProviderError" });
        return await otherwise();
      });
      const { told, exits, verified, carriedOut } = await rollBack(seenThrough(meddled));
      expect(carriedOut.map(({ step }) => step)).to.deep.equal(["rollback-1"]);
      expect([verified, exits]).to.deep.equal([undefined, 1]);
      expect(told).to.match(/ops verify --network \S+ --operation 1$/);
      expect(told).to.match(/It was carried out, and could not be verified: .*over quota/);
      expect(told).not.to.include("https://");
    });
  });

  it("is named if the chain does not have the block that it was planned on", async () => {
    const meddled = meddledWith(chain.connection, async ({ method, params }, otherwise) => {
      const [block] = (params ?? []) as unknown[];
      const isOld = method === "eth_getBlockByNumber" && Number(block) === opened.manifest.plannedAt.block;
      return isOld ? null : await otherwise();
    });
    const { step, told } = await kept({ ...chain.suite, connection: meddled });
    expect(step).to.equal(undefined);
    expect(told.join()).to.include(opened.folder).and.include("ask another endpoint");
  });
});
