import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";

import { DEPLOY_DIR } from "../../../deploy/place.js";
import { attemptsFolder, attemptsOf } from "../../../scripts/lib/operations/attempts.js";
import { digestOf } from "../../../scripts/lib/operations/canonical.js";
import { Execution, type Executing } from "../../../scripts/lib/operations/execution.js";
import { isHarmlessTwice } from "../../../scripts/lib/operations/finality.js";
import { OpenManifest, openManifest } from "../../../scripts/lib/operations/open.js";
import { outcomesOf } from "../../../scripts/lib/operations/outcomes.js";
import { findProgress } from "../../../scripts/lib/operations/progress.js";
import { writeRehearsal, type Rehearsal } from "../../../scripts/lib/operations/rehearsal.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { toExtendPause, toPause, toUnpause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { verify } from "../../../scripts/lib/operations/verification.js";
import { execTransactionData } from "../../../scripts/lib/safe/execute.js";
import { collectFor } from "../../../scripts/lib/operations/consents.js";
import { Declined } from "../../../scripts/lib/signers/declined.js";
import type { Signer } from "../../../scripts/lib/signers/signer.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { createSafe } from "../../support/safes.js";
import { keystoreOf, meddledWhole, meddledWith, signAs, starve } from "../../support/ceremony.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const QUICK = { poll: 20, giveUp: 1_000 };
const OWNER_MANAGER = new Interface([
  "function changeThreshold(uint256)",
  "function swapOwner(address previous, address old, address next)",
]);

describe("executing an operation", function () {
  let chain: AdminChain;
  let people: string[];
  const safes = { guardian: "", upgrader: "", nested: "", configurator: "" };
  let key: string;
  let implementation: string;
  const planned = new Map<string, { opened: OpenManifest; rehearsal: Rehearsal }>();

  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      people = (await connection.ethers.getSigners()).slice(11, 19).map(({ address }) => address);
      const [alice, bob, carol, dave, erin, , , own] = people as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      key = own;
      const make = (version: "1.5.0" | "1.4.1", ...owners: string[]) =>
        createSafe(connection, { version, owners, threshold: 2 });
      safes.guardian = await make("1.5.0", alice, bob, carol);
      safes.upgrader = await make("1.4.1", alice, bob, dave);
      safes.nested = await make("1.4.1", carol, dave, erin);
      safes.configurator = await make("1.5.0", alice, safes.nested);
      return {
        GUARDIAN: [safes.guardian, key],
        UPGRADER: [safes.upgrader],
        UNPAUSER: [key],
        CONFIGURATOR: [safes.configurator],
      };
    });
    const { connection, deployed } = chain;
    implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    await chain.keep();
    const pausing = toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "test" });
    const upgrading = toUpgrade(
      { proxy: "escrow", implementation, contract: "EscrowNext" },
      { rungs: 2, pauseFor: DAY },
    );
    await prepare("pause", await chain.plan(pausing, { account: key }));
    await prepare("pause of a Safe", await chain.plan(pausing, { account: safes.guardian }));
    await prepare(
      "extended pause",
      await chain.plan(toExtendPause({ bits: ["EXITS"], seconds: 30 * DAY, reason: "test" })),
    );
    await prepare("upgrade", await chain.plan(upgrading, { verb: "upgrade", guardian: safes.guardian }));
    await prepare("upgrade with a key", await chain.plan(upgrading, { verb: "upgrade", guardian: key }));
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const prepare = async (name: string, opened: OpenManifest) => {
    const rehearsal = await rehearse(chain.suite, opened);
    expect(rehearsal.passed, name).to.equal(true);
    planned.set(name, { opened, rehearsal });
  };
  /** The same plan once more, rehearsed already. */
  const anew = async (name: string): Promise<OpenManifest> => {
    const { opened, rehearsal } = planned.get(name)!;
    const copy = await chain.again(opened);
    await writeRehearsal(copy, rehearsal);
    return copy;
  };
  const execution = async (opened: OpenManifest, by?: string, given: Executing = {}) =>
    new Execution(chain.suite, opened, {
      ...(by !== undefined && { signer: await keystoreOf(by) }),
      patience: QUICK,
      ...given,
    });
  const carryOut = async (opened: OpenManifest, step: string, by?: string) =>
    await (await execution(opened, by)).carryOut(opened.step(step));
  const sent = (by: string) => chain.connection.ethers.provider.getTransactionCount(by);
  /** A call that a Safe makes of itself, whoever its owners are. */
  const change = async (safe: string, data: string) => {
    await chain.send("anvil_impersonateAccount", safe);
    await chain.send("anvil_setBalance", safe, "0xde0b6b3a7640000");
    const hash = await chain.send("eth_sendTransaction", { from: safe, to: safe, data });
    await chain.connection.ethers.provider.waitForTransaction(hash as string);
  };
  const setNonce = (safe: string, nonce: number) =>
    chain.send(
      "anvil_setStorageAt",
      safe,
      `0x${"0".repeat(63)}5`,
      `0x${nonce.toString(16).padStart(64, "0")}`,
    );
  /** While the file is damaged that says how the new version lays out its storage. */
  const withoutLayout = async ({ manifest }: OpenManifest, work: () => Promise<void>) => {
    const { codehash } = manifest.proxies[0]!.after;
    const kept = path.join(DEPLOY_DIR, "implementations", String(manifest.chainId), `${codehash}.json`);
    const content = await readFile(kept);
    await writeFile(kept, "{}");
    try {
      await work();
    } finally {
      await writeFile(kept, content);
    }
  };
  const pausedUntil = async () => Number(await chain.deployed.escrow.pausedUntil(1));

  describe("of a key", () => {
    it("sends it, compares what it changed with the manifest, and writes it down", async () => {
      const opened = await anew("pause");
      const outcome = await carryOut(opened, "act", key);
      expect(outcome).to.include({ kind: "carried out", step: "act", by: key });
      expect(outcome.surprises).to.deep.equal([]);
      expect(await pausedUntil()).to.equal(outcome.time + DAY);
      expect(await outcomesOf(opened).read()).to.deep.equal([outcome]);
      const { times, left } = await findProgress(chain.connection.ethers.provider, opened);
      expect([times, left]).to.deep.equal([{ act: outcome.time }, []]);
    });

    it("does nothing a second time", async () => {
      const opened = await anew("pause");
      await carryOut(opened, "act", key);
      expect(await faultOf(carryOut(opened, "act", key))).to.include("was carried out already");
      expect(await sent(key)).to.equal(1);
    });

    it("is signed by that key and no other", async () => {
      const fault = await faultOf(carryOut(await anew("pause"), "act", people[0]));
      expect(fault).to.include(`is of ${key}, and the keystore signs as ${people[0]}`);
    });

    it("says who is to sign if nobody is at hand", async () => {
      expect(await faultOf(carryOut(await anew("pause"), "act"))).to.include(
        "Say with --signer who signs for",
      );
    });

    it("says so where the node cannot trace", async () => {
      const opened = await anew("pause");
      const connection = meddledWith(chain.connection, (request, answer) =>
        request.method === "debug_traceTransaction" ? Promise.reject(new Error("not offered")) : answer(),
      );
      const signer = await keystoreOf(key);
      const { surprises } = await new Execution({ ...chain.suite, connection }, opened, {
        signer,
        patience: QUICK,
      }).carryOut(opened.step("act"));
      expect(surprises).to.equal(null);
    });

    it("finds what it changed that was not foretold", async () => {
      const { opened, rehearsal } = planned.get("pause")!;
      const manifest = structuredClone(opened.manifest);
      manifest.steps[0]!.changes[0]!.after = "5";
      const mistaken = new OpenManifest(
        { ...manifest, digest: digestOf(manifest) },
        (await chain.again(opened)).folder,
      );
      await writeRehearsal(mistaken, { ...rehearsal, manifest: mistaken.digest });
      const { surprises } = await carryOut(mistaken, "act", key);
      expect(surprises!.join()).to.include("should change from 0 to 5");
    });
  });

  describe("of a key whose attempt ran out of gas", () => {
    const starved = (opened: OpenManifest, step: string) => starve(chain, opened, step);

    it("carries it out with its next nonce, and what comes later after that", async () => {
      const guardian = await chain.connection.ethers.getSigner(key);
      await (await chain.deployed.escrow.connect(guardian).pause(1, 5 * DAY, "test")).wait();
      const opened = await chain.plan(toUnpause(["DEPOSITS"]));
      await rehearse(chain.suite, opened);
      const first = opened.step("schedule").nonce;
      await starved(opened, "schedule");
      expect((await carryOut(opened, "schedule", key)).surprises).to.deep.equal([]);
      expect(await sent(key)).to.equal(first + 2);
      await chain.pass(opened.step("execute").notBefore!.seconds);
      await starved(opened, "execute");
      expect((await carryOut(opened, "execute", key)).surprises).to.deep.equal([]);
      expect(await sent(key)).to.equal(first + 4);
      const { left, outside } = await findProgress(chain.connection.ethers.provider, opened);
      expect([left, outside]).to.deep.equal([[], []]);
    });

    it("does not count what somebody wrote into its attempts that the chain does not confirm", async () => {
      const opened = await anew("pause");
      const other = await chain.sendAs(key, { to: people[0]!, data: "0x" });
      await attemptsOf(opened, "act", key).add({
        ...{ nonce: 0, hash: other, raw: null, gasLimit: "1", maxFeePerGas: "1", maxPriorityFeePerGas: "1" },
        at: new Date().toISOString(),
      });
      expect(await faultOf(carryOut(opened, "act", key))).to.include("should be at nonce 0, and is at 1");
    });
  });

  describe("of a key that has sent it with another tool", () => {
    it("finds it on the chain, compares it with the manifest, and sends nothing", async () => {
      const opened = await anew("pause");
      const hash = await chain.sendAs(key, opened.step("act").transaction);
      const { carriedOut, left, outside } = await (await execution(opened, key)).record();
      expect(carriedOut).to.have.length(1);
      expect(carriedOut[0]).to.deep.include({ step: "act", hash, by: key, surprises: [] });
      expect([left, outside]).to.deep.equal([[], []]);
      expect(await outcomesOf(opened).read()).to.deep.equal(carriedOut);
      expect(await faultOf(carryOut(opened, "act", key))).to.include("was carried out already");
      expect(await sent(key)).to.equal(1);
    });

    it("says what to do if that was not at its place", async () => {
      const opened = await anew("pause");
      await chain.send("anvil_setNonce", key, "0x4");
      const hash = await chain.sendAs(key, opened.step("act").transaction);
      expect(await faultOf(carryOut(opened, "act", key)))
        .to.include(`${key} did with ${hash}, nonce 4, what the step act was to do with nonce 0`)
        .and.include("plan anew what is left to do")
        .and.include("nothing was sent");
    });

    it("takes nothing for it that is another call, or failed", async () => {
      const opened = await anew("pause");
      const { to, data } = opened.step("act").transaction;
      await chain.sendAs(key, { to, data: `${data}00` });
      const { times, outside } = await findProgress(chain.connection.ethers.provider, opened);
      expect([times, outside]).to.deep.equal([{}, []]);
    });
  });

  describe("refuses", () => {
    it("what was not rehearsed, or not as foretold", async () => {
      const { opened, rehearsal } = planned.get("pause")!;
      const copy = await chain.again(opened);
      expect(await faultOf(carryOut(copy, "act", key))).to.include("was not rehearsed yet");
      const branches = [{ name: "act", steps: [], problems: ["It fails."] }];
      await writeRehearsal(copy, { ...rehearsal, branches, passed: false });
      expect(await faultOf(carryOut(copy, "act", key))).to.include("did not go as foretold");
    });

    it("a manifest that somebody changed", async () => {
      const { folder } = await anew("pause");
      const file = path.join(folder, "manifest.json");
      await writeFile(file, (await readFile(file, "utf8")).replace('"nonce": 0', '"nonce": 1'));
      expect(await faultOf(openManifest(folder, chain.deployed.record))).to.include("not as it was planned");
    });

    it("when the account has used its nonce", async () => {
      const opened = await anew("pause");
      await chain.send("anvil_setNonce", key, "0x3");
      const fault = await faultOf(carryOut(opened, "act", key));
      expect(fault).to.include("nothing was sent").and.include("should be at nonce 0, and is at 3");
    });

    it("when the plan has expired", async () => {
      const opened = await anew("pause");
      await chain.pass(8 * DAY);
      expect(await faultOf(carryOut(opened, "act", key))).to.include("The plan expired on");
    });

    it("another chain", async () => {
      const { opened, rehearsal } = planned.get("pause")!;
      const manifest = structuredClone(opened.manifest);
      manifest.plannedAt.hash = `0x${"11".repeat(32)}`;
      const other = new OpenManifest(
        { ...manifest, digest: digestOf(manifest) },
        (await chain.again(opened)).folder,
      );
      await writeRehearsal(other, { ...rehearsal, manifest: other.digest });
      expect(await faultOf(carryOut(other, "act", key))).to.include("on which it was planned, is 0x");
    });

    it("when the code behind a proxy is another, or its implementation", async () => {
      const opened = await anew("pause");
      const { implementation: present } = chain.deployed.record.contracts.escrow;
      const code = (await chain.send("eth_getCode", present, "latest")) as string;
      await chain.send("anvil_setCode", present, `${code.slice(0, -2)}00`);
      expect(await faultOf(carryOut(opened, "act", key))).to.include(`The code at ${present} had the hash`);
      await chain.send("anvil_setCode", present, code);
      const upgrade = await anew("upgrade");
      await signAs(chain.connection, upgrade, people.slice(0, 3));
      await carryOut(upgrade, "schedule", people[0]);
      await chain.pass(2 * DAY);
      await carryOut(upgrade, "execute", people[0]);
      expect(await faultOf(carryOut(opened, "act", key))).to.include("escrow should run");
    });

    it("when the code of the AccessManager is another", async () => {
      const opened = await anew("pause");
      const { address } = chain.deployed.record.contracts.accessManager;
      const code = (await chain.send("eth_getCode", address, "latest")) as string;
      await chain.send("anvil_setCode", address, `${code.slice(0, -2)}00`);
      expect(await faultOf(carryOut(opened, "act", key))).to.include(`The code at ${address} had the hash`);
    });

    it("when the account has lost its role", async () => {
      const opened = await anew("pause");
      const { accessManager } = chain.deployed;
      const signer = await chain.connection.ethers.getSigner(key);
      await (await accessManager.connect(signer).renounceRole(2, key)).wait();
      await chain.send("anvil_setNonce", key, "0x0");
      expect(await faultOf(carryOut(opened, "act", key))).to.include(`${key} held `);
    });
  });

  describe("of a Safe", () => {
    it("with the signatures of enough owners, whoever sends it", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, [people[0]!, people[2]!]);
      const outcome = await carryOut(opened, "act", people[6]);
      expect(outcome).to.deep.include({ by: people[6], surprises: [] });
    });

    it("with one signature less if an owner sends it", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, [people[0]!]);
      expect(await faultOf(carryOut(opened, "act", people[6]))).to.include("1 of 2 signatures is missing");
      expect((await carryOut(opened, "act", people[1])).surprises).to.deep.equal([]);
    });

    it("of which a Safe is an owner", async () => {
      const opened = await anew("extended pause");
      await signAs(chain.connection, opened, [people[0]!, people[2]!, people[4]!]);
      const scheduled = await carryOut(opened, "schedule", people[6]);
      expect(scheduled.surprises).to.deep.equal([]);
      const from = scheduled.time + opened.step("execute").notBefore!.seconds;
      expect(await faultOf(carryOut(opened, "execute", people[6])))
        .to.include("can be carried out from")
        .and.include(new Date(from * 1000).toISOString().slice(0, 10));
      await chain.pass(opened.step("execute").notBefore!.seconds);
      expect((await carryOut(opened, "execute", people[6])).surprises).to.deep.equal([]);
    });

    it("not after what was scheduled has expired", async () => {
      const opened = await anew("extended pause");
      await signAs(chain.connection, opened, [people[0]!, people[2]!, people[4]!]);
      await carryOut(opened, "schedule", people[6]);
      await chain.pass(opened.step("execute").notAfter!.seconds + 1);
      expect(await faultOf(carryOut(opened, "execute", people[6]))).to.include("could be carried out until");
    });

    it("not when an owner was replaced, or more must agree", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, people.slice(0, 2));
      const [, bob, carol, , , frank] = people;
      await change(safes.guardian, OWNER_MANAGER.encodeFunctionData("swapOwner", [bob, carol, frank]));
      expect(await faultOf(carryOut(opened, "act", key))).to.include(
        `The owners of the Safe ${safes.guardian} was`,
      );
      await chain.reset();
      await change(safes.guardian, OWNER_MANAGER.encodeFunctionData("changeThreshold", [3]));
      expect(await faultOf(carryOut(opened, "act", key))).to.include("was 2, and now is 3");
    });

    it("not with a signature that somebody altered", async () => {
      const opened = await anew("pause of a Safe");
      const [file] = await signAs(chain.connection, opened, people.slice(0, 2));
      const content = await readFile(file!, "utf8");
      await writeFile(
        file!,
        content.replace(
          /("signature": "0x)(..)/,
          (_, head: string, byte: string) => head + (byte === "00" ? "01" : "00"),
        ),
      );
      expect(await faultOf(carryOut(opened, "act", key))).to.include("does not count");
    });

    it("counts what somebody else has executed, and writes it down", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, people.slice(0, 2));
      const { signatures } = await collectFor(chain.connection.ethers.provider, opened, "act");
      const data = execTransactionData(opened.safeTransaction("act"), signatures);
      const stranger = await chain.connection.ethers.getSigner(people[6]!);
      const { hash } = await stranger.sendTransaction({ to: safes.guardian, data });
      const { carriedOut, left } = await (await execution(opened)).record();
      expect(carriedOut[0]).to.deep.include({ hash, by: people[6], surprises: [] });
      expect(left).to.deep.equal([]);
      expect(await outcomesOf(opened).read()).to.deep.equal(carriedOut);
    });
  });

  describe("of a Safe at the same time as somebody else", () => {
    /** Where this happens after it was signed and before it is sent. */
    const afterSigning = async (opened: OpenManifest, happens: () => Promise<unknown>) => {
      const connection = meddledWith(chain.connection, async ({ method }, answer) => {
        if (method === "eth_sendRawTransaction") await happens();
        return await answer();
      });
      const signer = await keystoreOf(key);
      const told: string[] = [];
      const tell = (sentence: string) => void told.push(sentence);
      const given = { signer, tell, patience: QUICK };
      return { told, execution: new Execution({ ...chain.suite, connection }, opened, given) };
    };

    it("counts what the other has sent, and says so", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, people.slice(0, 2));
      const { signatures } = await collectFor(chain.connection.ethers.provider, opened, "act");
      const data = execTransactionData(opened.safeTransaction("act"), signatures);
      let theirs: string | undefined;
      const { told, execution } = await afterSigning(opened, async () => {
        theirs ??= await chain.sendAs(people[6]!, { to: safes.guardian, data });
      });
      const outcome = await execution.carryOut(opened.step("act"));
      expect(outcome).to.deep.include({ hash: theirs, by: people[6], surprises: [] });
      expect(told.join()).to.include(`act was carried out by ${theirs}, sent by ${people[6]}.`);
      // Ours was mined, and failed.
      expect(await sent(key)).to.equal(1);
    });

    it("says nothing of others of what it has sent itself, where an answer is lost after it was mined", async () => {
      for (const lost of [1, 2]) {
        const opened = await anew("pause of a Safe");
        await signAs(chain.connection, opened, people.slice(0, 2));
        let answered = 0;
        // The first answer is for who waits for it to be mined.
        const connection = meddledWhole(chain.connection, async ({ method }, answer) => {
          const found = await answer();
          if (method !== "eth_getTransactionReceipt" || found === null) return found;
          if (answered++ === lost) throw new Error("502 Bad Gateway");
          return found;
        });
        const told: string[] = [];
        const tell = (sentence: string) => void told.push(sentence);
        const given = { signer: await keystoreOf(key), tell, patience: QUICK };
        const work = new Execution({ ...chain.suite, connection }, opened, given);
        expect(await work.carryOut(opened.step("act"))).to.include({ step: "act", by: key });
        expect(answered).to.be.greaterThan(lost);
        expect(told.join()).not.to.include("carried out");
        await chain.reset();
      }
    });

    it("says nothing of others to who declines", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, people.slice(0, 2));
      const { signatures } = await collectFor(chain.connection.ethers.provider, opened, "act");
      const data = execTransactionData(opened.safeTransaction("act"), signatures);
      const declining: Signer = {
        ...(await keystoreOf(key)),
        address: key,
        signTransaction: async () => {
          await chain.sendAs(people[6]!, { to: safes.guardian, data });
          throw new Declined("Declined on the device: nothing was sent.");
        },
      };
      const work = new Execution(chain.suite, opened, { signer: declining, patience: QUICK });
      expect(await faultOf(work.carryOut(opened.step("act")))).to.equal(
        "Declined on the device: nothing was sent.",
      );
    });

    it("says to run the command again if that was something else, which says what is in the way", async () => {
      const opened = await anew("pause of a Safe");
      await signAs(chain.connection, opened, people.slice(0, 2));
      const { execution } = await afterSigning(opened, () => setNonce(safes.guardian, 1));
      expect(await faultOf(execution.carryOut(opened.step("act"))))
        .to.match(/was mined and failed: .*GS026/)
        .and.include("It changed nothing; run the command again.");
      expect(await faultOf(carryOut(opened, "act", key))).to.include("should be at nonce 0, and is at 1");
    });
  });

  describe("of what was signed beforehand", () => {
    const upgraded = async (name: string) => {
      const opened = await anew(name);
      await signAs(chain.connection, opened, [...people.slice(0, 2), key]);
      await carryOut(opened, "schedule", people[6]);
      await chain.pass(2 * DAY);
      await carryOut(opened, "execute", people[6]);
      return opened;
    };

    it("rolls back without a signature, and finds the former code in place", async () => {
      const opened = await upgraded("upgrade");
      const outcome = await carryOut(opened, "rollback-1", people[6]);
      expect(outcome.surprises).to.deep.equal([]);
      const verified = await verify(chain.suite, opened);
      expect(verified.checks.flatMap(({ problems }) => problems)).to.deep.equal([]);
      expect((await outcomesOf(opened).read()).at(-1)).to.deep.equal(verified);
    });

    it("pauses and then rolls back, each with the next rung", async () => {
      const opened = await upgraded("upgrade");
      await carryOut(opened, "pause-1", people[6]);
      expect(await faultOf(carryOut(opened, "rollback-1", people[6]))).to.include("it is used");
      expect((await carryOut(opened, "rollback-2", people[6])).surprises).to.deep.equal([]);
    });

    it("takes the rung whose turn it is when something else used a nonce", async () => {
      const opened = await upgraded("upgrade");
      await setNonce(safes.guardian, 1);
      expect(await faultOf(carryOut(opened, "pause-1", people[6]))).to.include("does not work now");
      expect((await carryOut(opened, "rollback-2", people[6])).surprises).to.deep.equal([]);
    });

    it("sends a key's own bytes, without the key", async () => {
      const opened = await upgraded("upgrade with a key");
      const outcome = await carryOut(opened, "rollback-1");
      expect(outcome).to.deep.include({ by: key, surprises: [] });
    });

    const spoils: Record<string, (folder: string, sender: string) => Promise<unknown>> = {
      "has damaged lines": async (folder, sender) => {
        await mkdir(folder);
        for (const step of ["rollback-1", "pause-1"])
          await writeFile(path.join(folder, `${step}-${sender}.jsonl`), "damaged\n");
      },
      "cannot be written": (folder) => writeFile(folder, "in the place of a folder"),
    };
    for (const [what, spoil] of Object.entries(spoils)) {
      /** Sent by whoever is left. */
      const rollBack = async (name: string, sender: string, by?: string) => {
        const opened = await upgraded(name);
        await rm(attemptsFolder(opened), { recursive: true });
        await spoil(attemptsFolder(opened), sender);
        const told: string[] = [];
        const urgent = await execution(opened, by, { tell: (sentence) => told.push(sentence) });
        const outcome = await urgent.carryOut(opened.step("rollback-1"));
        expect(outcome).to.deep.include({ by: sender, surprises: [] });
        expect(told.join()).to.include("cannot be read or written, and it goes on without");
      };

      it(`sends a key's own bytes where what was tried before ${what}`, () =>
        rollBack("upgrade with a key", key));

      it(`sends a Safe's rollback where what was tried before ${what}`, () =>
        rollBack("upgrade", people[6]!, people[6]));
    }

    it("knows that a Safe's rollback was sent, where nothing can be written down and no logs are told", async () => {
      const opened = await upgraded("upgrade");
      await rm(attemptsFolder(opened), { recursive: true });
      await writeFile(attemptsFolder(opened), "in the place of a folder");
      await rm(outcomesOf(opened).path);
      await mkdir(outcomesOf(opened).path);
      const connection = meddledWhole(chain.connection, ({ method }, answer) =>
        method === "eth_getLogs" ? Promise.reject(new Error("query exceeds the range")) : answer(),
      );
      const told: string[] = [];
      const tell = (sentence: string) => void told.push(sentence);
      const given = { signer: await keystoreOf(people[6]!), tell, patience: QUICK };
      const urgent = new Execution({ ...chain.suite, connection }, opened, given);
      const outcome = await urgent.carryOut(opened.step("rollback-1"));
      // It could be compared all the same.
      expect(outcome).to.deep.include({ by: people[6], surprises: [] });
      expect(told.join())
        .to.include("That rollback-1 was carried out could not be written down now: EISDIR")
        .and.not.include("not compared");
    });

    it("rolls back whatever became of the rehearsal, the layouts and what was written down", async () => {
      const opened = await anew("upgrade");
      await signAs(chain.connection, opened, people.slice(0, 2));
      await carryOut(opened, "schedule", people[6]);
      await chain.pass(2 * DAY);
      await carryOut(opened, "execute", people[6]);
      await rm(path.join(opened.folder, "rehearsal.json"));
      await writeFile(outcomesOf(opened).path, "damaged\n");
      await withoutLayout(opened, async () => {
        const told: string[] = [];
        const urgent = await execution(opened, people[6], { tell: (sentence) => told.push(sentence) });
        expect(await faultOf(urgent.record())).to.include("is not what this program wrote");
        const outcome = await urgent.carryOut(opened.step("rollback-1"));
        expect(outcome).to.deep.include({ by: people[6], surprises: null });
        expect(told.join()).to.include("What rollback-1 changed is not compared with the manifest now");
      });
    });

    it("asks for the rehearsal where it is signed only now", async () => {
      const opened = await anew("upgrade with a key");
      await rm(path.join(opened.folder, "rehearsal.json"));
      expect(await faultOf(carryOut(opened, "rollback-1", key))).to.include("was not rehearsed yet");
    });

    it("is sent by an owner who has not signed, as the last signature", async () => {
      const opened = await anew("upgrade");
      await signAs(chain.connection, opened, people.slice(0, 2), "schedule");
      await signAs(chain.connection, opened, people.slice(0, 2), "execute");
      await signAs(chain.connection, opened, people.slice(0, 1), "rollback-1");
      await carryOut(opened, "schedule", people[6]);
      await chain.pass(2 * DAY);
      await carryOut(opened, "execute", people[6]);
      expect(await faultOf(carryOut(opened, "rollback-1", people[6]))).to.include(
        "1 of 2 signatures is missing",
      );
      // Or rehearsed again, with the fault that it is to take back.
      await rm(path.join(opened.folder, "rehearsal.json"));
      expect((await carryOut(opened, "rollback-1", people[2])).surprises).to.deep.equal([]);
    });

    it("has a rollback before new code is put in place, unless that is wanted otherwise", async () => {
      const opened = await anew("upgrade");
      for (const step of ["schedule", "execute", "pause-1", "rollback-2"])
        await signAs(chain.connection, opened, people.slice(0, 2), step);
      await carryOut(opened, "schedule", people[6]);
      await chain.pass(2 * DAY);
      expect(await faultOf(carryOut(opened, "execute", people[6])))
        .to.include("nothing was sent")
        .and.include("rollback-1: 2 of 2 signatures are missing")
        .and.include("--without-rollback");
      // The next one works once the first nonce is used.
      await setNonce(safes.guardian, 1);
      await (await execution(opened, people[6])).require(opened.step("execute"));
      await setNonce(safes.guardian, 0);
      const knowing = await execution(opened, people[6], { withoutRollback: true });
      expect((await knowing.carryOut(opened.step("execute"))).surprises).to.deep.equal([]);
    });

    it("rolls nothing back that was not upgraded yet", async () => {
      const opened = await anew("upgrade");
      await signAs(chain.connection, opened, people.slice(0, 3));
      expect(await faultOf(carryOut(opened, "rollback-1", people[6]))).to.include(
        "which was not carried out",
      );
    });
  });

  it("waits for nobody to take back that it failed where doing it twice does no harm", async () => {
    const guardian = await chain.connection.ethers.getSigner(key);
    await (await chain.deployed.escrow.connect(guardian).pause(1, 5 * DAY, "test")).wait();
    const isHarmless = (opened: OpenManifest) =>
      opened.manifest.steps.map((step) => [step.id, isHarmlessTwice(step, opened.accountOf(step.id))]);
    const opened = (name: string) => planned.get(name)!.opened;
    expect(isHarmless(opened("pause"))).to.deep.equal([["act", true]]);
    expect(isHarmless(await chain.plan(toUnpause(["DEPOSITS"])))).to.deep.equal([
      ["schedule", false],
      ["execute", false],
    ]);
    expect(isHarmless(opened("upgrade with a key")).every(([, harmless]) => harmless)).to.equal(true);
  });

  describe("survives", () => {
    it("an endpoint that dies after it was sent: the next run finds it, and sends nothing", async () => {
      const opened = await anew("pause");
      let isDead = false;
      const connection = meddledWith(chain.connection, async ({ method }, answer) => {
        if (isDead) throw new Error("connection refused");
        if (method === "eth_sendRawTransaction") isDead = true;
        return await answer();
      });
      const suite = { ...chain.suite, connection };
      const first = new Execution(suite, opened, { signer: await keystoreOf(key), patience: QUICK });
      expect(await faultOf(first.carryOut(opened.step("act")))).to.include("sends nothing twice");
      const { carriedOut } = await (await execution(opened, key)).record();
      expect(carriedOut.map(({ step, surprises }) => [step, surprises])).to.deep.equal([["act", []]]);
      expect(await sent(key)).to.equal(1);
    });

    it("that it was signed and never sent: the next run sends those very bytes", async () => {
      const opened = await anew("pause");
      const connection = meddledWith(chain.connection, ({ method }, answer) =>
        method === "eth_sendRawTransaction" ? Promise.reject(new Error("connection refused")) : answer(),
      );
      const suite = { ...chain.suite, connection };
      const first = new Execution(suite, opened, { signer: await keystoreOf(key), patience: QUICK });
      await faultOf(first.carryOut(opened.step("act")));
      expect(await sent(key)).to.equal(0);
      const unused = {
        ...(await keystoreOf(key)),
        signTransaction: () => expect.fail("nothing is signed again"),
      };
      const outcome = await (
        await execution(opened, undefined, { signer: unused })
      ).carryOut(opened.step("act"));
      expect(outcome.surprises).to.deep.equal([]);
    });

    it("a chain that takes back what was carried out: it counts no more", async () => {
      const opened = await anew("pause");
      await carryOut(opened, "act", key);
      await chain.reset();
      const { times, gone } = await findProgress(chain.connection.ethers.provider, opened);
      expect(times).to.deep.equal({});
      expect(gone.join()).to.include("which the chain does not know any more");
    });
  });

  describe("is verified", () => {
    it("by the code, the pauses and payments on a fork", async () => {
      const opened = await anew("pause");
      await carryOut(opened, "act", key);
      const { passed, checks } = await verify(chain.suite, opened);
      expect(passed).to.equal(true);
      expect(checks.map(({ name }) => name.split(":")[0])).to.deep.equal([
        "code and self-tests",
        "pauses",
        "payments on a fork",
      ]);
    });

    it("not before anything was carried out", async () => {
      expect(await faultOf(verify(chain.suite, await anew("pause")))).to.include(
        "there is nothing to verify",
      );
    });

    it("and is not well when the pause is another than it left", async () => {
      const opened = await anew("pause");
      const { time } = await carryOut(opened, "act", key);
      const guardian = await chain.connection.ethers.getSigner(key);
      await (await chain.deployed.escrow.connect(guardian).pause(1, 2 * DAY, "another")).wait();
      const { passed, checks } = await verify(chain.suite, opened);
      expect(passed).to.equal(false);
      expect(checks.find(({ name }) => name === "pauses")!.problems.join())
        .to.include("DEPOSITS should be paused until")
        .and.include(new Date((time + DAY) * 1000).toISOString().slice(11, 19));
    });

    it("and is not well when what runs is not what the operation put there", async () => {
      const opened = await anew("pause");
      await carryOut(opened, "act", key);
      const { implementation: present } = chain.deployed.record.contracts.escrow;
      await chain.send("anvil_setCode", present, "0x60006000fd");
      const { checks } = await verify(chain.suite, opened);
      expect(checks[0]!.problems.join()).to.include("had the hash").and.include("self-test of escrow fails");
      expect(checks[2]!.problems).to.not.deep.equal([]);
    });

    it("with what it does not answer for: other people's roles", async () => {
      const opened = await anew("pause");
      await carryOut(opened, "act", key);
      const { holders } = chain.suite.parameters;
      const parameters = { ...chain.suite.parameters, holders: { ...holders, TREASURY: [people[5]!] } };
      const { passed, remarks } = await verify({ ...chain.suite, parameters }, opened);
      expect(passed).to.equal(true);
      expect(remarks.join()).to.include("missing holder");
    });
  });

  it("ends a pause after the delay, by a key", async () => {
    const guardian = await chain.connection.ethers.getSigner(key);
    await (await chain.deployed.escrow.connect(guardian).pause(1, 5 * DAY, "test")).wait();
    const opened = await chain.plan(toUnpause(["DEPOSITS"]));
    await rehearse(chain.suite, opened);
    await carryOut(opened, "schedule", key);
    expect(await faultOf(carryOut(opened, "execute", key))).to.include("can be carried out from");
    await chain.pass(opened.step("execute").notBefore!.seconds);
    const { time } = await carryOut(opened, "execute", key);
    expect(await pausedUntil()).to.be.at.most(time);
  });
});
