import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { HDNodeWallet, Mnemonic } from "ethers";

import {
  readRehearsal,
  requireRehearsed,
  writeRehearsal,
  type Rehearsal,
} from "../../../scripts/lib/operations/rehearsal.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { digestOf } from "../../../scripts/lib/operations/canonical.js";
import { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { writeRaw } from "../../../scripts/lib/operations/raw.js";
import { toPause, toSetPolicy, toUnpause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { toSign } from "../../../scripts/lib/signers/transaction.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;

describe("rehearsing an operation", function () {
  let chain: AdminChain;
  let implementation: string;
  let planned: { pause: OpenManifest; upgrade: OpenManifest };

  before(async () => {
    chain = await AdminChain.start();
    const { connection, deployed } = chain;
    implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    await chain.keep();
    planned = {
      pause: await chain.plan(toPause({ bits: ["DEPOSITS", "EXITS"], seconds: HOUR, reason: "test" })),
      upgrade: await planUpgrade({ function: "initializeV2", args: ["7"] }),
    };
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const planUpgrade = async (initializer: { function: string; args: unknown[] }, contract = "EscrowNext") => {
    const { connection, deployed } = chain;
    const next =
      contract === "EscrowNext"
        ? implementation
        : await deployImplementation(connection, deployed.record, "escrow", contract);
    const request = { proxy: "escrow", implementation: next, contract, initializer } as const;
    return await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
  };
  const pause = () => chain.again(planned.pause);
  const upgrade = () => chain.again(planned.upgrade);
  const play = (opened: OpenManifest) => rehearse(chain.suite, opened);
  const now = () => ({ provider: chain.connection.ethers.provider, times: {} });
  const problems = ({ branches }: Rehearsal) =>
    Object.fromEntries(branches.map((branch) => [branch.name, branch.problems]));
  /** The same plan, but for something that only a fork can tell is wrong. */
  const mistaken = (opened: OpenManifest, change: (manifest: OpenManifest["manifest"]) => void) => {
    const manifest = structuredClone(opened.manifest);
    change(manifest);
    return new OpenManifest({ ...manifest, digest: digestOf(manifest) }, opened.folder);
  };

  it("plays an upgrade to its end, and from there every rollback and pause that is kept ready", async () => {
    const rehearsal = await play(await upgrade());
    expect(problems(rehearsal)).to.deep.equal({
      "schedule → execute": [],
      "schedule → execute → rollback-1": [],
      "schedule → execute → rollback-2": [],
      "schedule → execute → pause-1 → rollback-2": [],
      "schedule → execute → pause-2": [],
    });
    expect(rehearsal.passed).to.equal(true);
  });

  it("leaves the chain as it was", async () => {
    const opened = await pause();
    const before = await chain.send("eth_blockNumber");
    await play(opened);
    expect(await chain.send("eth_blockNumber")).to.equal(before);
  });

  it("makes payments before and after, in a listed token that it gives to nobody's account", async () => {
    const rehearsal = await play(await pause());
    expect(rehearsal.payments).to.equal("payments of 1 USDC each, from a balance written into its storage");
  });

  it("makes them in the native coin where no token is listed", async () => {
    const { escrow, parameters, record, holders } = chain.deployed;
    for (const { symbol, cap, approvalThreshold, outflowLimit, outflowWindow } of parameters.tokens) {
      if (symbol === "ETH") continue;
      const { address } = record.tokens.find((token) => token.symbol === symbol)!;
      const limits = { enabled: false, cap, approvalThreshold, outflowLimit, outflowWindow };
      await actAfterDelay(
        holders.CONFIGURATOR,
        escrow.interface.encodeFunctionData("configureToken", [address, limits]),
      );
    }
    const pausing = toPause({ bits: ["DEPOSITS"], seconds: HOUR, reason: "test" });
    const rehearsal = await play(await chain.plan(pausing));
    expect(rehearsal).to.include({
      passed: true,
      payments: "payments of 1 ETH each, from a balance set on the fork",
    });
  });

  it("makes them where only listed accounts may take part", async () => {
    const { parameters } = chain.deployed;
    const suite = {
      ...chain.suite,
      parameters: { ...parameters, policy: { ...parameters.policy, listMode: "allow" as const } },
    };
    const opened = await chain.plan(async (planning) => await toSetPolicy()({ ...planning, suite }));
    expect((await play(opened)).passed).to.equal(true);
  });

  it("waits for the delay, and lifts a pause that is on", async () => {
    const { escrow, holders } = chain.deployed;
    await (await escrow.connect(holders.GUARDIAN).pause(1, 5 * DAY, "test")).wait();
    expect((await play(await chain.plan(toUnpause(["DEPOSITS"])))).passed).to.equal(true);
  });

  it("goes on where the operation is on the chain", async () => {
    const opened = await upgrade();
    const { transaction, account } = opened.step("schedule");
    const upgrader = await chain.connection.ethers.getSigner(account);
    const sent = await upgrader.sendTransaction({ to: transaction.to, data: transaction.data });
    await sent.wait();
    const { branches, passed } = await play(opened);
    expect(branches[0]!.name).to.equal("execute");
    expect(passed).to.equal(true);
    expect(await requireRehearsed(opened, { ...now(), times: { schedule: 1 } })).to.include({ passed });
  });

  it("plays what is kept ready also once the whole main branch was carried out", async () => {
    const opened = await upgrade();
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    expect(problems(await play(opened))).to.deep.equal({
      "as it stands": [],
      "as it stands → rollback-1": [],
      "as it stands → rollback-2": [],
      "as it stands → pause-1 → rollback-2": [],
      "as it stands → pause-2": [],
    });
  });

  const actAfterDelay = async (by: { address: string }, data: string) => {
    const { accessManager, escrow } = chain.deployed;
    const signer = await chain.connection.ethers.getSigner(by.address);
    await (await accessManager.connect(signer).schedule(escrow, data, 0)).wait();
    await chain.pass(3 * DAY);
    await (await signer.sendTransaction({ to: await escrow.getAddress(), data })).wait();
  };

  describe("finds", () => {
    it("a new version that stops payments, and that the way back works all the same", async () => {
      const rehearsal = await play(await planUpgrade({ function: "plantFault", args: [] }));
      expect(rehearsal.passed).to.equal(false);
      const { "schedule → execute": main, ...ready } = problems(rehearsal);
      expect(main!.join()).to.include("A contract does not answer");
      expect(ready).to.deep.equal({
        "schedule → execute → rollback-1": [],
        "schedule → execute → rollback-2": [],
        "schedule → execute → pause-1 → rollback-2": [],
        "schedule → execute → pause-2": [],
      });
    });

    it("a new version that works and tells another EIP-712 domain, which the way back mends", async () => {
      const opened = await planUpgrade({ function: "initializeV2", args: ["7"] }, "EscrowRenamed");
      const rehearsal = await play(opened);
      const { "schedule → execute": main, ...ready } = problems(rehearsal);
      expect(main).to.deep.equal([
        `The name of escrow's EIP-712 domain was "Holdfast Escrow" and would be "Holdfast": ` +
          "payment ids and signatures made before would count no more. " +
          `The version of escrow's EIP-712 domain was "1" and would be "2": ` +
          "payment ids and signatures made before would count no more.",
      ]);
      expect(Object.values(ready).flat()).to.deep.equal([]);
      expect(rehearsal.passed).to.equal(false);
      expect(await faultOf(requireRehearsed(opened, now()))).to.include("EIP-712 domain");
    });

    it("a change that was not foretold", async () => {
      const opened = mistaken(await pause(), ({ steps }) => steps[0]!.changes.pop());
      expect(problems(await play(opened)).act!.join()).to.include("which was not foretold");
    });

    it("a change that was foretold and does not happen", async () => {
      const opened = mistaken(await pause(), ({ steps }) => (steps[0]!.changes[0]!.name += "Never"));
      expect(problems(await play(opened)).act!.join()).to.include("but does not");
    });

    it("another value than was foretold", async () => {
      const opened = mistaken(await pause(), ({ steps }) => (steps[0]!.changes[0]!.after = "5"));
      expect(problems(await play(opened)).act!.join()).to.include("from 0 to 5");
    });

    it("a step that fails", async () => {
      const opened = await chain.plan(toPause({ bits: ["EXITS"], seconds: 7 * DAY, reason: "test" }));
      // What another guardian did in the meantime moves nothing that the plan was made on.
      const { escrow, holders } = chain.deployed;
      await (await escrow.connect(holders.GUARDIAN).pause(4, DAY, "first")).wait();
      await chain.send("anvil_setNonce", holders.GUARDIAN.address, "0x0");
      await chain.pass(60);
      expect(problems(await play(opened)).act!.join()).to.include("InvalidPauseDuration");
    });
  });

  describe("does not begin", () => {
    it("if the account has used its nonce", async () => {
      const opened = await pause();
      const { holders, users } = chain.deployed;
      await (await holders.GUARDIAN.sendTransaction({ to: users[0]!.address })).wait();
      expect(await faultOf(play(opened))).to.include("should be at nonce 0, and is at 1");
    });

    it("if the account lost its role", async () => {
      const opened = await pause();
      const { holders, accessManager } = chain.deployed;
      const { address } = holders.GUARDIAN;
      await (await accessManager.connect(holders.GUARDIAN).renounceRole(2, address)).wait();
      await chain.send("anvil_setNonce", address, "0x0");
      expect(await faultOf(play(opened))).to.include(`${address} held GUARDIAN, and now holds none`);
    });

    it("if the code behind a proxy is another", async () => {
      const opened = await pause();
      const { implementation } = chain.deployed.record.contracts.escrow;
      const code = (await chain.send("eth_getCode", implementation, "latest")) as string;
      await chain.send("anvil_setCode", implementation, `${code.slice(0, -2)}00`);
      expect(await faultOf(play(opened))).to.include(`The code at ${implementation} had the hash`);
    });

    it("if the chain is another, though its id is the same", async () => {
      const opened = mistaken(await pause(), ({ plannedAt }) => (plannedAt.hash = `0x${"11".repeat(32)}`));
      expect(await faultOf(play(opened))).to.include("on which it was planned, is 0x");
    });

    it("if the new code is not what the build makes of the contract that it is said to be", async () => {
      const renamed = await planUpgrade({ function: "initializeV2", args: ["7"] }, "EscrowRenamed");
      const opened = mistaken(renamed, ({ proxies }) => (proxies[0]!.after.contract = "EscrowNext"));
      expect(await faultOf(play(opened))).to.include("is not what this checkout compiles EscrowNext to");
    });

    it("if the new code is of another version than is said", async () => {
      const opened = mistaken(await upgrade(), ({ proxies }) => (proxies[0]!.after.version = "1.0.1"));
      expect(await faultOf(play(opened))).to.include("the new code of escrow");
    });

    it("if somebody is called a holder whom the parameters do not name", async () => {
      const { users } = chain.deployed;
      const opened = mistaken(await pause(), ({ names }) => (names[users[0]!.address] = "GUARDIAN 2"));
      expect(await faultOf(play(opened))).to.include(`calls ${users[0]!.address} GUARDIAN 2`);
    });

    it("if a token is told with other decimals than the parameters have", async () => {
      const { users } = chain.deployed;
      const token = { symbol: "USDC2", address: users[0]!.address, decimals: 6 };
      const opened = mistaken(await pause(), ({ tokens }) => tokens.push(token));
      expect(await faultOf(play(opened))).to.include("USDC2");
    });

    it("if the plan has expired", async () => {
      const opened = await pause();
      await chain.pass(8 * DAY);
      expect(await faultOf(play(opened))).to.include("The plan expired on");
    });
  });

  describe("with signatures", () => {
    const walletOf = (index: number) =>
      HDNodeWallet.fromMnemonic(
        Mnemonic.fromPhrase("test test test test test test test test test test test junk"),
        `m/44'/60'/0'/0/${index}`,
      );
    const GUARDIAN = 3;

    it("executes what a key has signed, byte for byte", async () => {
      const opened = await pause();
      await writeRaw(
        opened,
        "act",
        await walletOf(GUARDIAN).signTransaction(toSign(opened.transaction("act"))),
      );
      const { branches, passed } = await play(opened);
      expect(passed).to.equal(true);
      expect(branches[0]!.steps).to.deep.equal([{ step: "act", manner: "as signed", changes: 3 }]);
    });

    it("takes no signed transaction but that of the plan, by its account", async () => {
      const opened = await pause();
      const planned = opened.transaction("act");
      const other = await walletOf(GUARDIAN).signTransaction(toSign({ ...planned, nonce: 1 }));
      const stranger = await walletOf(GUARDIAN + 1).signTransaction(toSign(planned));
      for (const raw of [other, stranger, "0x02"])
        expect(await faultOf(writeRaw(opened, "act", raw))).to.include("sign again");
    });

    it("refuses a signed transaction that was altered on the disk", async () => {
      const opened = await pause();
      const file = await writeRaw(
        opened,
        "act",
        await walletOf(GUARDIAN).signTransaction(toSign(opened.transaction("act"))),
      );
      const content = await readFile(file, "utf8");
      await writeFile(file, content.replace(/"signer": "0x\w{4}/, '"signer": "0x0000'));
      expect(problems(await play(opened)).act!.join()).to.include("delete it and sign again");
    });
  });

  describe("is written down", () => {
    it("for those who sign: only what passed may be", async () => {
      const opened = await pause();
      expect(await faultOf(requireRehearsed(opened, now()))).to.include("was not rehearsed yet");
      const rehearsal = await play(opened);
      expect(await requireRehearsed(opened, now())).to.deep.equal(rehearsal);
      const failed = mistaken(opened, ({ steps }) => steps[0]!.changes.pop());
      await play(failed);
      expect(await faultOf(requireRehearsed(failed, now()))).to.include("did not go as foretold");
    });

    it("and believed only as far as it goes", async () => {
      const opened = await upgrade();
      const rehearsal = await play(opened);
      const refusal = async (change: (rehearsal: Rehearsal) => void) => {
        const forged = structuredClone(rehearsal);
        change(forged);
        await writeRehearsal(opened, forged);
        return await faultOf(requireRehearsed(opened, now()));
      };
      expect(await refusal(({ branches }) => branches[0]!.problems.push("It fails."))).to.include(
        "contradicts",
      );
      expect(await refusal(({ branches }) => branches.splice(0))).to.include("schedule, execute");
      expect(await refusal(({ branches }) => branches.pop())).to.include("did not play pause-2");
      expect(await refusal(({ branches }) => branches[3]!.steps.pop())).to.include(
        "did not play pause-1 → rollback-2",
      );
      expect(await refusal(({ branches }) => branches[0]!.steps.pop())).to.include("did not play execute");
      expect(await refusal(({ forkedAt }) => (forkedAt.hash = opened.digest))).to.include(
        "not on this chain",
      );
      expect(await refusal(({ forkedAt }) => (forkedAt.block += 1000))).to.include("not on this chain");
    });

    it("for one manifest and no other", async () => {
      const opened = await pause();
      await play(opened);
      const other = mistaken(opened, ({ operation }) => (operation.reason = "another"));
      expect(await faultOf(readRehearsal(other))).to.include("is of another manifest");
      await writeFile(path.join(opened.folder, "rehearsal.json"), "{}");
      expect(await faultOf(readRehearsal(opened))).to.include("is malformed");
    });
  });
});
