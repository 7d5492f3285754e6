import { expect } from "chai";
import { Interface } from "ethers";

import type { OpenManifest, SealedRequest } from "../../../scripts/lib/operations/open.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { toExtendPause, toPause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { SAFE } from "../../../scripts/lib/safe/abi.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { createSafe } from "../../support/safes.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const DAY = 86_400;
const OWNER_MANAGER = new Interface([
  "function changeThreshold(uint256)",
  "function enableModule(address)",
  "function swapOwner(address previous, address old, address next)",
]);

describe("operations of Safes", function () {
  let chain: AdminChain;
  /** Addresses: of 1.5.0, of 1.4.1, and of 1.5.0 with a Safe as one of its owners. */
  const safes = { guardian: "", upgrader: "", configurator: "", nested: "" };
  let implementation: string;
  let planned: { pause: OpenManifest; upgrade: OpenManifest };
  let people: Awaited<ReturnType<AdminChain["connection"]["ethers"]["getSigners"]>>;

  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      people = (await connection.ethers.getSigners()).slice(11, 18);
      const [alice, bob, carol, dave, erin] = people.map(({ address }) => address) as [
        string,
        string,
        string,
        string,
        string,
      ];
      const make = (version: "1.5.0" | "1.4.1", ...owners: string[]) =>
        createSafe(connection, { version, owners, threshold: 2 });
      safes.guardian = await make("1.5.0", alice, bob, carol);
      safes.upgrader = await make("1.4.1", alice, bob, dave);
      safes.nested = await make("1.4.1", carol, dave, erin);
      safes.configurator = await make("1.5.0", alice, safes.nested);
      return { GUARDIAN: [safes.guardian], UPGRADER: [safes.upgrader], CONFIGURATOR: [safes.configurator] };
    });
    const { connection, deployed } = chain;
    implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    await chain.keep();
    planned = { pause: await planPause(), upgrade: await planUpgrade() };
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const planUpgrade = async (change: { guardian?: string } = {}) => {
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    return await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade", ...change });
  };
  const planPause = () => chain.plan(toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "test" }));
  const pause = () => chain.again(planned.pause);
  const upgrade = () => chain.again(planned.upgrade);
  const extendPause = () => chain.plan(toExtendPause({ bits: ["EXITS"], seconds: 30 * DAY, reason: "test" }));
  const play = (opened: OpenManifest) => rehearse(chain.suite, opened);
  const mannersOf = async (opened: OpenManifest) =>
    (await play(opened)).branches.flatMap(({ steps }) => steps.map(({ step, manner }) => [step, manner]));

  const sign = (opened: OpenManifest, step: string, signer: number) =>
    chain.sign(opened, step, people[signer]!);
  /** A call that a Safe makes of itself, whoever its owners are. */
  const change = (safe: string, data: string) => chain.sendAs(safe, { to: safe, data });

  it("hash as the Safes themselves do, of 1.5.0 and of 1.4.1", async () => {
    const zero = `0x${"00".repeat(20)}`;
    const { manifest } = await upgrade();
    expect(new Set(manifest.steps.map(({ account }) => account))).to.have.all.keys(
      safes.guardian,
      safes.upgrader,
    );
    for (const { account, nonce, transaction, safeTxHash } of manifest.steps) {
      const fields = [transaction.to, transaction.value, transaction.data, 0, 0, 0, 0, zero, zero, nonce];
      const data = SAFE.encodeFunctionData("getTransactionHash", fields);
      expect(await chain.send("eth_call", { to: account, data }, "latest")).to.equal(safeTxHash);
    }
  });

  it("change the Safe's nonce and nothing else of it", async () => {
    const { changes } = (await pause()).step("act");
    const own = changes.filter(({ address }) => address === safes.guardian);
    expect(own.map(({ contract, name, before, after }) => [contract, name, before, after])).to.deep.equal([
      ["GUARDIAN", "nonce", "0", "1"],
    ]);
  });

  it("have no fees: whoever executes pays", async () => {
    const { gas, signing } = (await pause()).step("act");
    expect(gas).to.equal(null);
    expect(signing.map(({ kind }) => kind)).to.deep.equal(["message"]);
  });

  it("give a ladder of successive nonces of the guardians' Safe", async () => {
    const { steps } = (await upgrade()).manifest;
    const nonces = Object.fromEntries(steps.map(({ id, account, nonce }) => [id, `${account} ${nonce}`]));
    expect(nonces).to.include({
      schedule: `${safes.upgrader} 0`,
      execute: `${safes.upgrader} 1`,
      "rollback-1": `${safes.guardian} 0`,
      "rollback-2": `${safes.guardian} 1`,
      "pause-1": `${safes.guardian} 0`,
    });
  });

  it("begin that ladder behind the upgrade itself where both are of one Safe", async () => {
    const { accessManager, holders } = chain.deployed;
    const data = accessManager.interface.encodeFunctionData("grantRole", [2, safes.upgrader, 0]);
    await (await accessManager.connect(holders.ADMIN).schedule(accessManager, data, 0)).wait();
    await chain.pass(3 * DAY);
    await (await accessManager.connect(holders.ADMIN).grantRole(2, safes.upgrader, 0)).wait();
    const opened = await planUpgrade({ guardian: safes.upgrader });
    expect(opened.step("rollback-1")).to.include({ account: safes.upgrader, nonce: 2 });
    expect((await play(opened)).passed).to.equal(true);
  });

  describe("are rehearsed", () => {
    it("in every branch before anybody has signed: owners approve the same hashes on the fork", async () => {
      const { branches, passed } = await play(await upgrade());
      expect(passed).to.equal(true);
      expect(branches).to.have.length(5);
      const manners = new Set(branches.flatMap(({ steps }) => steps.map(({ manner }) => manner)));
      expect([...manners]).to.deep.equal(["approved on the fork"]);
    });

    it("with what enough owners have signed, byte for byte", async () => {
      const opened = await pause();
      await sign(opened, "act", 0);
      expect(await mannersOf(opened)).to.deep.equal([["act", "approved on the fork"]]);
      await sign(opened, "act", 2);
      expect(await mannersOf(opened)).to.deep.equal([["act", "as signed"]]);
    });

    it("with what is signed for later nonces too", async () => {
      const opened = await upgrade();
      for (const signer of [0, 1]) await sign(opened, "rollback-2", signer);
      const manners = await mannersOf(opened);
      expect(manners.filter(([, manner]) => manner === "as signed").map(([step]) => step)).to.deep.equal([
        "rollback-2",
        "rollback-2",
      ]);
    });

    it("with the signatures of a Safe's owners where that Safe is an owner", async () => {
      const opened = await extendPause();
      const asked = opened
        .requests("schedule")
        .map(({ signer, onBehalfOf }: SealedRequest) => [signer, onBehalfOf]);
      expect(asked).to.deep.include.members([
        [people[0]!.address, []],
        [people[2]!.address, [safes.nested]],
      ]);
      for (const step of ["schedule", "execute"])
        for (const signer of [0, 2, 4]) await sign(opened, step, signer);
      expect(await mannersOf(opened)).to.deep.equal([
        ["schedule", "as signed"],
        ["execute", "as signed"],
      ]);
    });

    it("only by those who are still owners", async () => {
      const opened = await pause();
      const [, bob, carol, , , frank] = people.map(({ address }) => address);
      await change(safes.guardian, OWNER_MANAGER.encodeFunctionData("swapOwner", [bob, carol, frank]));
      expect(await faultOf(play(opened))).to.include(`The owners of the Safe ${safes.guardian} was`);
    });

    it("only with the threshold of the plan", async () => {
      const opened = await pause();
      await change(safes.guardian, OWNER_MANAGER.encodeFunctionData("changeThreshold", [3]));
      expect(await faultOf(play(opened))).to.include(
        `The threshold of the Safe ${safes.guardian} was 2, and now is 3`,
      );
    });

    it("although a Safe among the owners has done something else meanwhile", async () => {
      const opened = await extendPause();
      await chain.send("anvil_setStorageAt", safes.nested, `0x${"0".repeat(63)}5`, `0x${"0".repeat(63)}9`);
      expect((await play(opened)).passed).to.equal(true);
    });
  });

  it("come with a caution about who else can act for the Safe", async () => {
    const module = people[6]!.address;
    await change(safes.guardian, OWNER_MANAGER.encodeFunctionData("enableModule", [module]));
    expect((await planPause()).manifest.cautions.join()).to.include(module);
  });
});
