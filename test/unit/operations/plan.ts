import { expect } from "chai";
import { getAddress } from "ethers";

import type { HeldRole } from "../../../deploy/roles.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { operationId } from "../../../scripts/lib/operations/scheduled.js";
import {
  toCancel,
  toConfigureToken,
  toExtendPause,
  toMendRoles,
  toHold,
  toPause,
  toRollBack,
  toSetPolicy,
  toUnhold,
  toUnpause,
  toUpgrade,
} from "../../../scripts/lib/operations/verbs.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";
import { termsOf } from "../../support/terms.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const PRECAUTIONS = { rungs: 2, pauseFor: DAY };

/** What a step changes, as `<contract> <entry>` and the values. */
const changesOf = (opened: OpenManifest, id: string) =>
  Object.fromEntries(
    opened
      .step(id)
      .changes.map(({ contract, name, before, after }) => [`${contract} ${name}`, [before, after]]),
  );

const timeAfter = (timeOf: string, plusSeconds: number) => ({ timeOf, plusSeconds });

describe("planning an operation", function () {
  let chain: AdminChain;
  before(async () => (chain = await AdminChain.start()));
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const holder = (role: HeldRole) => chain.deployed.holders[role];
  const upgradeTo = async (
    contract: string,
    initializer?: { function: string; args: unknown[] },
    rungs = 2,
  ) => {
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", contract);
    return toUpgrade(
      { proxy: "escrow", implementation, contract, ...(initializer && { initializer }) },
      { ...PRECAUTIONS, rungs },
    );
  };

  /** Carries a plan's main branch out on the chain, as whoever holds the keys would. */
  const carryOut = async (opened: OpenManifest) => {
    for (const { id, branch } of opened.manifest.steps)
      if (branch === "main") await chain.carryOut(opened, id);
  };
  const pauseEverything = async () => {
    const { escrow } = chain.deployed;
    await (await escrow.connect(holder("GUARDIAN")).pause(7, 5 * DAY, "test")).wait();
  };

  describe("in one step", () => {
    it("pauses at once, by the guardian, and names what ends when", async () => {
      const opened = await chain.plan(toPause({ bits: ["DEPOSITS", "EXITS"], seconds: HOUR, reason: "why" }));
      const { steps } = opened.manifest;
      expect(steps.map(({ id, account, role }) => [id, account, role])).to.deep.equal([
        ["act", holder("GUARDIAN").address, "GUARDIAN"],
      ]);
      expect(changesOf(opened, "act")).to.deep.equal({
        "escrow Controls.settings.depositsUntil": ["0", timeAfter("act", HOUR)],
        "escrow Controls.settings.exitsSince": ["0", timeAfter("act", 0)],
        "escrow Controls.settings.exitsUntil": ["0", timeAfter("act", HOUR)],
      });
    });

    it("holds one payment at once, by compliance, and changes its flags alone", async () => {
      const { escrow, usdc, users } = chain.deployed;
      const [buyer, seller] = users as [(typeof users)[0], (typeof users)[0]];
      await usdc.mint(buyer, 1_000n);
      await usdc.connect(buyer).approve(escrow, 1_000n);
      const { timestamp } = (await chain.connection.ethers.provider.getBlock("latest"))!;
      const terms = termsOf(1, {
        buyer: buyer.address,
        seller: seller.address,
        token: await usdc.getAddress(),
        deadline: BigInt(timestamp + 30 * DAY),
      });
      await (await escrow.connect(buyer).deposit(terms)).wait();
      const paymentId = await escrow.hashPayment(terms);

      const opened = await chain.plan(toHold({ paymentId, reason: "looks like a leak" }));
      expect(opened.manifest.steps.map(({ account, role }) => [account, role])).to.deep.equal([
        [holder("COMPLIANCE").address, "COMPLIANCE"],
      ]);
      const flags = `escrow Escrow.payments[${paymentId}].flags`;
      expect(changesOf(opened, "act")).to.deep.equal({ [flags]: ["0", "1"] });

      await carryOut(opened);
      const lifted = await chain.plan(toUnhold({ paymentId, reason: "a false alarm" }));
      expect(changesOf(lifted, "act")).to.deep.equal({ [flags]: ["1", "0"] });
      await carryOut(lifted);
      expect((await escrow.paymentState(paymentId)).flags).to.equal(0n);
    });

    it("rolls back to the recorded code", async () => {
      await carryOut(await chain.plan(await upgradeTo("EscrowNext"), { verb: "upgrade" }));
      const { implementation } = chain.deployed.record.contracts.escrow;
      const opened = await chain.plan(toRollBack("escrow"));
      expect(opened.manifest.proxies[0]!.after).to.include({
        implementation,
        version: "1.0.0",
        contract: "Escrow",
      });
      expect(changesOf(opened, "act")["escrow ERC1967.implementation"]![1]).to.equal(implementation);
    });

    it("cancels what is scheduled, found by the beginning of its id", async () => {
      const schedule = (await chain.plan(toSetPolicyTo("allow"))).step("schedule");
      const configurator = holder("CONFIGURATOR");
      await (
        await configurator.sendTransaction({ to: schedule.transaction.to, data: schedule.transaction.data })
      ).wait();
      const [scheduled] = schedule.call.calls;
      const { data } = await chain.deployed.complianceRegistry.setPolicy.populateTransaction({
        enforced: true,
        listMode: 1,
        maxRiskScore: 70,
        sanctionsOracle: `0x${"00".repeat(20)}`,
      });
      const id = operationId(configurator.address, scheduled!.address, data);
      const opened = await chain.plan(toCancel(id.slice(0, 12)));
      expect(opened.step("act")).to.include({ account: holder("GUARDIAN").address, role: "GUARDIAN" });
      expect(Object.keys(changesOf(opened, "act"))).to.deep.equal([
        "accessManager _schedules[complianceRegistry.setPolicy].timepoint",
      ]);
      expect(opened.step("act").call.calls[0]!.function).to.equal(scheduled!.function);
    });

    it("cancels an upgrade that waits, whoever planned it", async () => {
      const upgrade = await chain.plan(await upgradeTo("EscrowNext"), { verb: "upgrade" });
      await chain.carryOut(upgrade, "schedule");
      const { account, transaction } = upgrade.step("execute");
      const opened = await chain.plan(toCancel(operationId(account, transaction.to, transaction.data)));
      expect(opened.step("act").call.calls[0]!.function).to.equal("upgrade(address,address,bytes)");
      await chain.carryOut(opened, "act");
      expect(await faultOf(chain.plan(toCancel("0x")))).to.include("pending");
    });
  });

  const toSetPolicyTo =
    (listMode: "allow" | "deny"): ReturnType<typeof toSetPolicy> =>
    async (planning) => {
      const { parameters } = planning.suite;
      const changed = { ...parameters, policy: { ...parameters.policy, listMode } };
      return await toSetPolicy()({ ...planning, suite: { ...planning.suite, parameters: changed } });
    };

  describe("in two steps", () => {
    it("schedules, and does it itself after the delay that the chain tells", async () => {
      await pauseEverything();
      const opened = await chain.plan(toUnpause(["EXITS"]));
      const [schedule, execute] = opened.manifest.steps;
      expect(schedule).to.include({ id: "schedule", account: holder("UNPAUSER").address, nonce: 0 });
      expect(schedule!.transaction.to).to.equal(chain.deployed.record.contracts.accessManager.address);
      expect(execute).to.deep.include({
        id: "execute",
        nonce: 1,
        notBefore: { step: "schedule", seconds: DAY },
        notAfter: { step: "schedule", seconds: 8 * DAY },
      });
      expect(execute!.transaction.to).to.equal(chain.deployed.record.contracts.escrow.address);
      expect(changesOf(opened, "execute")["escrow Controls.settings.exitsUntil"]![1]).to.deep.equal(
        timeAfter("execute", 0),
      );
    });

    it("foretells what really happens", async () => {
      await pauseEverything();
      const opened = await chain.plan(toUnpause(["EXITS"]));
      await carryOut(opened);
      expect(await chain.deployed.escrow.paused()).to.equal(3n);
    });

    it("extends a pause beyond the guardians' limit", async () => {
      const opened = await chain.plan(toExtendPause({ bits: ["EXITS"], seconds: 30 * DAY, reason: "audit" }));
      expect(changesOf(opened, "execute")["escrow Controls.settings.exitsUntil"]![1]).to.deep.equal(
        timeAfter("execute", 30 * DAY),
      );
    });

    it("sets a token's limits to the parameters', each with its unit", async () => {
      const { parameters } = chain.deployed;
      const tokens = parameters.tokens.map((token) =>
        token.symbol === "USDC" ? { ...token, cap: 5_000_000n } : token,
      );
      const opened = await chain.plan(async (planning) => {
        const suite = { ...planning.suite, parameters: { ...parameters, tokens } };
        return await toConfigureToken("USDC")({ ...planning, suite });
      });
      expect(changesOf(opened, "execute"))
        .to.have.property("escrow TokenVault.accounts[USDC].cap")
        .that.deep.equals(["10000000000000", "5000000"]);
      const cap = opened.step("execute").call.arguments.find(({ name }) => name === "config.cap");
      expect(cap).to.deep.include({ value: "5000000", meaning: "5 USDC" });
    });

    it("replaces the policy", async () => {
      const opened = await chain.plan(toSetPolicyTo("allow"));
      expect(changesOf(opened, "execute")["escrow Controls.settings.listMode"]).to.deep.equal([
        "Deny",
        "Allow",
      ]);
    });
  });

  describe("of roles", () => {
    const newcomer = getAddress("0x00000000000000000000000000000000000b0b01");
    const rotated = () => {
      const { parameters } = chain.deployed;
      const holders = { ...parameters.holders, UPGRADER: [newcomer], TREASURY: [newcomer] };
      return { ...chain.suite, parameters: { ...parameters, holders } };
    };
    const planRotation = async () =>
      await chain.plan(async (planning) => await toMendRoles()({ ...planning, suite: rotated() }));

    it("grants before it revokes, from the difference between data and chain", async () => {
      const { call } = (await planRotation()).step("execute");
      expect(call.function).to.equal("multicall(bytes[])");
      expect(call.calls.map(({ function: name }) => name.split("(")[0])).to.deep.equal([
        "grantRole",
        "grantRole",
        "revokeRole",
      ]);
    });

    it("lets a holder keep a role until the grant to the next one counts", async () => {
      const { call, notBefore } = (await planRotation()).step("revoke");
      expect(call.function).to.equal("revokeRole(uint64,address)");
      expect(call.arguments[0]!.meaning).to.equal("UPGRADER");
      expect(notBefore).to.deep.equal({ step: "execute", seconds: 2 * DAY });
    });

    it("foretells when a granted role begins to count", async () => {
      // OpenZeppelin begins to apply a new grant delay after 5 days.
      await chain.pass(5 * DAY);
      const changes = changesOf(await planRotation(), "execute");
      const entry = `accessManager _roles[UPGRADER].members[${newcomer}]`;
      expect(changes[`${entry}.since`]).to.deep.equal(["0", timeAfter("execute", 2 * DAY)]);
      expect(changes[`${entry}.delay.after`]).to.deep.equal(["0", String(2 * DAY)]);
      const treasury = "accessManager _roles[TREASURY].members[TREASURY].since";
      expect(changes[treasury]![1]).to.equal("0");
    });

    it("leaves the chain as the data say", async () => {
      await carryOut(await planRotation());
      expect(
        await faultOf(chain.plan(async (planning) => await toMendRoles()({ ...planning, suite: rotated() }))),
      ).to.include("are as deploy/roles.ts");
    });

    it("has nothing to do where nothing differs", async () => {
      expect(await faultOf(chain.plan(toMendRoles()))).to.include(
        "are as deploy/roles.ts and the parameters say",
      );
    });
  });

  describe("of an upgrade", () => {
    it("changes the code, what the controller remembers, and what the initializer fills: nothing else", async () => {
      const opened = await chain.plan(
        await upgradeTo("EscrowNext", { function: "initializeV2", args: ["7"] }),
      );
      const { before: first, after: next } = opened.manifest.proxies[0]!;
      const zero = `0x${"00".repeat(20)}`;
      expect(next).to.include({ contract: "EscrowNext", version: "2.0.0" });
      expect(changesOf(opened, "execute")).to.deep.equal({
        "accessManager _schedules[upgradeController.upgrade].timepoint": [
          timeAfter("schedule", 2 * DAY),
          "0",
        ],
        "escrow ERC1967.implementation": [first.implementation, next.implementation],
        "escrow EscrowNext.generation": ["0", "7"],
        "escrow Initializable._initialized": ["1", "2"],
        "upgradeController _records[escrow].implementation": [first.implementation, next.implementation],
        "upgradeController _records[escrow].previous": [zero, first.implementation],
        "upgradeController _records[escrow].previousCodehash": [`0x${"00".repeat(32)}`, first.codehash],
        "upgradeController _records[escrow].upgradedAt": ["0", timeAfter("execute", 0)],
      });
    });

    it("shows the call that the upgrade makes, by the new version's own names", async () => {
      const opened = await chain.plan(
        await upgradeTo("EscrowNext", { function: "initializeV2", args: ["7"] }),
      );
      const [initializer] = opened.step("execute").call.calls;
      expect(initializer).to.deep.include({ contract: "escrow", function: "initializeV2(uint64)" });
      expect(initializer!.arguments[0]).to.deep.include({ name: "generation_", value: "7" });
    });

    it("keeps rollback and pause ready, each with three successive nonces of the guardian", async () => {
      const { steps } = (await chain.plan(await upgradeTo("EscrowNext", undefined, 3))).manifest;
      const guardian = holder("GUARDIAN").address;
      const ready = steps.filter(({ branch }) => branch === "ready");
      expect(ready.map(({ id, account, nonce }) => [id, account, nonce])).to.deep.equal([
        ["rollback-1", guardian, 0],
        ["rollback-2", guardian, 1],
        ["rollback-3", guardian, 2],
        ["pause-1", guardian, 0],
        ["pause-2", guardian, 1],
        ["pause-3", guardian, 2],
      ]);
      expect(ready[0]).to.deep.include({
        notBefore: { step: "execute", seconds: 0 },
        notAfter: { step: "execute", seconds: chain.deployed.parameters.rollbackWindow },
      });
    });

    it("is refused with a single rung, whose nonce a pause would take from the rollback", async () => {
      expect(await faultOf(chain.plan(await upgradeTo("EscrowNext", undefined, 1)))).to.include(
        "A ladder has 2 rungs at least, not 1",
      );
    });

    it("is refused if it changes anything that no upgrade may", async () => {
      const meddling = await upgradeTo("EscrowBroken", { function: "initializeMeddling", args: [] });
      expect(await faultOf(chain.plan(meddling))).to.include("escrow Controls.settings.maxRiskScore");
    });

    it("is refused if what would be kept ready does not work", async () => {
      expect(await faultOf(chain.plan(await upgradeTo("EscrowBroken")))).to.match(/pause-1.*would fail/s);
    });

    it("is refused if the code is not the build's, immutables included", async () => {
      const { escrow } = chain.deployed.record.contracts;
      const { connection, deployed } = chain;
      const elsewhere = { ...deployed.record, contracts: { ...deployed.record.contracts, permit2: escrow } };
      const implementation = await deployImplementation(connection, elsewhere, "escrow", "Escrow");
      const upgrade = toUpgrade({ proxy: "escrow", implementation, contract: "Escrow" }, PRECAUTIONS);
      expect(await faultOf(chain.plan(upgrade))).to.include("is not what this checkout compiles Escrow to");
    });

    it("is refused if it would misread what is stored", async () => {
      const { connection, deployed } = chain;
      const implementation = await deployImplementation(
        connection,
        deployed.record,
        "complianceRegistry",
        "Counter",
      );
      const upgrade = toUpgrade(
        { proxy: "complianceRegistry", implementation, contract: "Counter" },
        PRECAUTIONS,
      );
      expect(await faultOf(chain.plan(upgrade))).to.include("would misread");
    });

    it("is refused if the code runs already", async () => {
      const { implementation } = chain.deployed.record.contracts.escrow;
      const upgrade = toUpgrade({ proxy: "escrow", implementation, contract: "Escrow" }, PRECAUTIONS);
      expect(await faultOf(chain.plan(upgrade))).to.include(`escrow runs ${implementation} already`);
    });
  });

  describe("that cannot be", () => {
    it("says so if it would change nothing", async () => {
      expect(await faultOf(chain.plan(toSetPolicy()))).to.include("would change nothing");
    });

    it("gives the contract's reason if it would fail", async () => {
      const tooLong = toPause({ bits: ["EXITS"], seconds: 30 * DAY, reason: "test" });
      expect(await faultOf(chain.plan(tooLong))).to.include("InvalidPauseDuration");
    });

    it("refuses an account that does not hold the role", async () => {
      const account = holder("TREASURY").address;
      const pause = toPause({ bits: ["EXITS"], seconds: HOUR, reason: "test" });
      expect(await faultOf(chain.plan(pause, { account }))).to.include(`${account} does not hold GUARDIAN`);
    });

    it("refuses to cancel what is not scheduled, and says what is", async () => {
      expect(await faultOf(chain.plan(toCancel("0x12")))).to.include("nothing is pending");
    });
  });
});
