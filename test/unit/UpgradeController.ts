import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import type { BaseContract } from "ethers";
import { network } from "hardhat";

import { ROLES } from "../../deploy/roles.js";
import type { Counter, CounterV2 } from "../../types/ethers-contracts/index.js";
import { itFollows } from "../specs/outline.js";

const DAY = 86_400;
const WINDOW = 14 * DAY;
/** Where a proxy keeps its implementation (ERC-1967). */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const PRECOMPILE = "0x0000000000000000000000000000000000000004";

type Signer = HardhatEthersSigner;

describe("UpgradeController", () => {
  itFollows("UpgradeController.tree");

  let connection: Awaited<ReturnType<typeof network.create>>;
  before(async () => {
    connection = await network.create();
  });

  /** A proxy at V1 that counts 41, and the roles that govern it, held as in production. */
  async function deployedProxy() {
    const { ethers, networkHelpers } = connection;
    const [admin, upgrader, guardian, stranger] = (await ethers.getSigners()) as [
      Signer,
      Signer,
      Signer,
      Signer,
    ];
    const authority = await ethers.deployContract("AccessManager", [admin]);
    const controller = await ethers.deployContract("UpgradeController", [authority, WINDOW]);

    const allow = async (name: "upgrade" | "rollback", role: keyof typeof ROLES) =>
      authority.setTargetFunctionRole(
        controller,
        [controller.getFunction(name).fragment.selector],
        ROLES[role].id,
      );
    await allow("upgrade", "UPGRADER");
    await allow("rollback", "GUARDIAN");
    await authority.setRoleGuardian(ROLES.UPGRADER.id, ROLES.GUARDIAN.id);
    await authority.grantRole(ROLES.UPGRADER.id, upgrader, ROLES.UPGRADER.executionDelay);
    await authority.grantRole(ROLES.GUARDIAN.id, guardian, 0);

    const v1 = await ethers.deployContract("Counter");
    const initialize = v1.interface.encodeFunctionData("initialize", [41n]);
    const proxy = await controller.deployProxy.staticCall(v1, initialize);
    await controller.deployProxy(v1, initialize);

    const addressOf = async (target: BaseContract | string) =>
      typeof target === "string" ? target : await target.getAddress();
    /** The call that UPGRADER schedules, GUARDIAN may cancel, and UPGRADER makes. */
    const upgradeCall = async (
      implementation: BaseContract | string,
      data = "0x",
      of: BaseContract | string = proxy,
    ) =>
      controller.interface.encodeFunctionData("upgrade", [
        await addressOf(of),
        await addressOf(implementation),
        data,
      ]);
    const schedule = async (...call: Parameters<typeof upgradeCall>) =>
      authority.connect(upgrader).schedule(controller, await upgradeCall(...call), 0);
    const execute = async (...call: Parameters<typeof upgradeCall>) =>
      upgrader.sendTransaction({ to: controller, data: await upgradeCall(...call) });
    /** Schedules the upgrade, waits until it may be made and makes it. */
    const upgrade = async (...call: Parameters<typeof upgradeCall>) => {
      await schedule(...call);
      await networkHelpers.time.increase(2 * DAY);
      return execute(...call);
    };
    const rollback = () => controller.connect(guardian).rollback(proxy);

    return {
      ...{ admin, upgrader, guardian, stranger },
      ...{ authority, controller, proxy, v1, upgradeCall, schedule, execute, upgrade, rollback },
      counter: await ethers.getContractAt("Counter", proxy),
      counterV2: await ethers.getContractAt("CounterV2", proxy),
    };
  }

  type Proxied = Awaited<ReturnType<typeof deployedProxy>>;
  const load = () => connection.networkHelpers.loadFixture(deployedProxy);
  const codehash = async (contract: BaseContract) =>
    connection.ethers.keccak256(await connection.ethers.provider.getCode(contract));
  const initializeV2 = (v2: CounterV2, step: bigint) =>
    v2.interface.encodeFunctionData("initializeV2", [step]);

  /** What EIP-7702 leaves at the address of an account that delegates to `target`. */
  async function delegate(account: string, target: Counter) {
    const code = `0xef0100${(await target.getAddress()).slice(2)}`;
    await connection.networkHelpers.setCode(account, code);
    return account;
  }

  describe("constructor", () => {
    for (const [name, window] of [
      ["none", 0],
      ["a second less than 1 day", DAY - 1],
      ["a second more than 90 days", 90 * DAY + 1],
      ["as long a one as it can say", 2 ** 32 - 1],
    ] as const) {
      it(`reverts with InvalidRollbackWindow given ${name}`, async () => {
        const { authority, controller } = await load();
        await expect(connection.ethers.deployContract("UpgradeController", [authority, window]))
          .to.be.revertedWithCustomError(controller, "InvalidRollbackWindow")
          .withArgs(window, DAY, 90 * DAY);
      });
    }
  });

  describe("rollbackWindow", () => {
    it("is what it was deployed with, at either bound too", async () => {
      const { authority } = await load();
      for (const window of [DAY, WINDOW, 90 * DAY]) {
        const controller = await connection.ethers.deployContract("UpgradeController", [authority, window]);
        expect(await controller.rollbackWindow()).to.equal(window);
      }
    });
  });

  describe("proxyRecord", () => {
    it("is all zero for a proxy that it did not deploy", async () => {
      const { ethers } = connection;
      const { controller, v1 } = await load();
      const { ZeroAddress: none, ZeroHash } = ethers;
      expect(await controller.proxyRecord(v1)).to.deep.equal([none, none, none, ZeroHash, 0n]);
    });

    it("tells what a rollback would restore, which the proxy itself confirms", async () => {
      const { ethers } = connection;
      const { controller, proxy, v1, upgrade } = await load();
      const v2 = await ethers.deployContract("CounterV2");
      await upgrade(v2);
      const record = await controller.proxyRecord(proxy);
      expect([record.implementation, record.previous]).to.deep.equal([
        await v2.getAddress(),
        await v1.getAddress(),
      ]);
      const stored = await ethers.provider.getStorage(proxy, IMPLEMENTATION_SLOT);
      expect(ethers.getAddress(ethers.dataSlice(stored, 12))).to.equal(record.implementation);
    });
  });

  describe("re-entering", () => {
    for (const name of ["deployProxy", "upgrade", "rollback"] as const) {
      describe(name, () => {
        it("reverts with ReentrancyGuardReentrantCall from an upgrade's data", async () => {
          const { authority, controller, proxy, v1, upgrade } = await load();
          // The worst case: the proxy itself has every role that the inner call could need.
          for (const role of ["ADMIN", "UPGRADER", "GUARDIAN"] as const) {
            await authority.grantRole(ROLES[role].id, proxy, 0);
          }
          const v2 = await connection.ethers.deployContract("CounterV2");
          const data = {
            deployProxy: controller.interface.encodeFunctionData("deployProxy", [
              await v1.getAddress(),
              "0x",
            ]),
            upgrade: controller.interface.encodeFunctionData("upgrade", [proxy, await v1.getAddress(), "0x"]),
            rollback: controller.interface.encodeFunctionData("rollback", [proxy]),
          }[name];
          const callOut = v2.interface.encodeFunctionData("callOut", [await controller.getAddress(), data]);
          await expect(upgrade(v2, callOut)).to.be.revertedWithCustomError(
            controller,
            "ReentrancyGuardReentrantCall",
          );
        });
      });
    }
  });

  describe("deployProxy", () => {
    it("reverts with AccessManagedUnauthorized when the caller lacks the role", async () => {
      const { controller, v1, upgrader, guardian, stranger } = await load();
      for (const caller of [upgrader, guardian, stranger]) {
        await expect(controller.connect(caller).deployProxy(v1, "0x"))
          .to.be.revertedWithCustomError(controller, "AccessManagedUnauthorized")
          .withArgs(caller);
      }
    });

    describe("given an address without code of its own", () => {
      it("reverts with ImplementationWithoutCode given an account without code", async () => {
        const { controller, stranger } = await load();
        await expect(controller.deployProxy(stranger, "0x"))
          .to.be.revertedWithCustomError(controller, "ImplementationWithoutCode")
          .withArgs(stranger);
      });

      it("reverts with ImplementationWithoutCode given a precompile", async () => {
        const { controller } = await load();
        await expect(controller.deployProxy(PRECOMPILE, "0x"))
          .to.be.revertedWithCustomError(controller, "ImplementationWithoutCode")
          .withArgs(PRECOMPILE);
      });

      it("reverts with ImplementationWithoutCode given an account that delegates its code (EIP-7702)", async () => {
        const { controller, v1, stranger } = await load();
        const account = await delegate(stranger.address, v1);
        await expect(controller.deployProxy(account, v1.interface.encodeFunctionData("initialize", [1n])))
          .to.be.revertedWithCustomError(controller, "ImplementationWithoutCode")
          .withArgs(account);
      });
    });

    it("reverts with UnexpectedProxyAdmin given an initializer that creates a contract", async () => {
      const { controller } = await load();
      const creating = await connection.ethers.deployContract("CreatingCounter");
      const data = creating.interface.encodeFunctionData("initializeAndCreate");
      await expect(controller.deployProxy(creating, data)).to.be.revertedWithCustomError(
        controller,
        "UnexpectedProxyAdmin",
      );
    });

    it("reverts with SelfTestFailed given an implementation that fails its self-test", async () => {
      const { controller } = await load();
      const failing = await connection.ethers.deployContract("FailingSelfTest");
      const data = failing.interface.encodeFunctionData("initialize", [1n]);
      await expect(controller.deployProxy(failing, data)).to.be.revertedWithCustomError(
        controller,
        "SelfTestFailed",
      );
    });

    describe("given a sound implementation", () => {
      it("initializes the proxy", async () => {
        const { counter } = await load();
        expect(await counter.count()).to.equal(41n);
        await expect(counter.initialize(1n)).to.be.revertedWithCustomError(counter, "InvalidInitialization");
      });

      it("records the ProxyAdmin, which it owns, and has nothing to roll back", async () => {
        const { ethers } = connection;
        const { controller, proxy, v1 } = await load();
        const record = await controller.proxyRecord(proxy);
        const proxyAdmin = await ethers.getContractAt("ProxyAdmin", record.admin);

        expect(record.admin).to.equal(ethers.getCreateAddress({ from: proxy, nonce: 1 }));
        expect(await proxyAdmin.owner()).to.equal(controller);
        expect(record.implementation).to.equal(v1);
        expect([record.previous, record.previousCodehash, record.upgradedAt]).to.deep.equal([
          ethers.ZeroAddress,
          ethers.ZeroHash,
          0n,
        ]);
      });

      it("emits ProxyDeployed", async () => {
        const { ethers } = connection;
        const { controller, v1, admin } = await load();
        const data = v1.interface.encodeFunctionData("initialize", [7n]);
        const proxy = await controller.deployProxy.staticCall(v1, data);
        await expect(controller.deployProxy(v1, data))
          .to.emit(controller, "ProxyDeployed")
          .withArgs(proxy, v1, ethers.getCreateAddress({ from: proxy, nonce: 1 }), await codehash(v1), admin);
      });
    });
  });

  describe("upgrade", () => {
    it("reverts with AccessManagedUnauthorized when the caller lacks the role", async () => {
      const { controller, proxy, v1, admin, guardian, stranger } = await load();
      for (const caller of [admin, guardian, stranger]) {
        await expect(controller.connect(caller).upgrade(proxy, v1, "0x"))
          .to.be.revertedWithCustomError(controller, "AccessManagedUnauthorized")
          .withArgs(caller);
      }
    });

    it("reverts with AccessManagerNotScheduled when UPGRADER has not scheduled it", async () => {
      const { authority, execute } = await load();
      const v2 = await connection.ethers.deployContract("CounterV2");
      await expect(execute(v2)).to.be.revertedWithCustomError(authority, "AccessManagerNotScheduled");
    });

    it("reverts with AccessManagerNotReady a second before 2 days have passed, and works from then on", async () => {
      const { authority, controller, schedule, execute } = await load();
      const { time } = connection.networkHelpers;
      const v2 = await connection.ethers.deployContract("CounterV2");
      await schedule(v2);
      const readyAt = (await time.latest()) + 2 * DAY;

      await time.setNextBlockTimestamp(readyAt - 1);
      await expect(execute(v2)).to.be.revertedWithCustomError(authority, "AccessManagerNotReady");
      await time.setNextBlockTimestamp(readyAt);
      await expect(execute(v2)).to.emit(controller, "Upgraded");
    });

    it("reverts with AccessManagerNotScheduled when GUARDIAN cancelled it", async () => {
      const { authority, controller, upgrader, guardian, schedule, execute, upgradeCall } = await load();
      const v2 = await connection.ethers.deployContract("CounterV2");
      await schedule(v2);
      await authority.connect(guardian).cancel(upgrader, controller, await upgradeCall(v2));

      await connection.networkHelpers.time.increase(2 * DAY);
      await expect(execute(v2)).to.be.revertedWithCustomError(authority, "AccessManagerNotScheduled");
    });

    it("reverts with UnknownProxy given a proxy that it did not deploy", async () => {
      const { controller, v1, upgrade } = await load();
      const v2 = await connection.ethers.deployContract("CounterV2");
      await expect(upgrade(v2, "0x", v1))
        .to.be.revertedWithCustomError(controller, "UnknownProxy")
        .withArgs(v1);
    });

    it("reverts with SameImplementation given the implementation in use", async () => {
      const { controller, v1, upgrade } = await load();
      await expect(upgrade(v1)).to.be.revertedWithCustomError(controller, "SameImplementation").withArgs(v1);
    });

    for (const [what, account] of [
      ["an account without code", ({ stranger }: Proxied) => stranger.address],
      ["a precompile", () => PRECOMPILE],
      [
        "an account that delegates its code (EIP-7702)",
        ({ guardian, v1 }: Proxied) => delegate(guardian.address, v1),
      ],
    ] as const) {
      it(`reverts with ImplementationWithoutCode given ${what}`, async () => {
        const proxied = await load();
        const address = await account(proxied);
        await expect(proxied.upgrade(address))
          .to.be.revertedWithCustomError(proxied.controller, "ImplementationWithoutCode")
          .withArgs(address);
      });
    }

    it("takes code as long as a delegation for code, which then fails its self-test", async () => {
      const { controller, stranger, upgrade } = await load();
      await connection.networkHelpers.setCode(stranger.address, `0x${"5b".repeat(23)}`);
      await expect(upgrade(stranger.address)).to.be.revertedWithCustomError(controller, "SelfTestFailed");
    });

    describe("given an implementation whose self-test fails", () => {
      it("reverts with SelfTestFailed and the reason of one that reverts", async () => {
        const { controller, proxy, upgrade } = await load();
        const failing = await connection.ethers.deployContract("FailingSelfTest");
        const reason = failing.interface.encodeErrorResult("StorageDamaged", [7n]);
        await expect(upgrade(failing))
          .to.be.revertedWithCustomError(controller, "SelfTestFailed")
          .withArgs(proxy, failing, reason);
      });

      for (const [name, contract] of [
        ["another magic value", "WrongMagicSelfTest"],
        ["a magic value with dirty bits", "DirtyMagicSelfTest"],
        ["less than a word", "ShortSelfTest"],
        ["an open fallback", "AcceptsEverything"],
        ["a self-test that writes", "WritingSelfTest"],
      ] as const) {
        it(`reverts with SelfTestFailed given ${name}`, async () => {
          const { controller, upgrade } = await load();
          const implementation = await connection.ethers.deployContract(contract as "Counter");
          await expect(upgrade(implementation)).to.be.revertedWithCustomError(controller, "SelfTestFailed");
        });
      }

      it("reverts with SelfTestFailed and 256 bytes of a return bomb", async () => {
        const { controller, proxy, upgrade } = await load();
        const bomb = await connection.ethers.deployContract("ReturnBombSelfTest");
        await expect(upgrade(bomb))
          .to.be.revertedWithCustomError(controller, "SelfTestFailed")
          .withArgs(proxy, bomb, (reason: string) => connection.ethers.dataLength(reason) === 256);
      });

      it("undoes everything", async () => {
        const { controller, proxy, counter, upgrade } = await load();
        const before = await controller.proxyRecord(proxy);
        const failing = await connection.ethers.deployContract("FailingSelfTest");
        await expect(upgrade(failing)).to.be.revertedWithCustomError(controller, "SelfTestFailed");
        expect(await controller.proxyRecord(proxy)).to.deep.equal(before);
        expect(await counter.selfTest()).to.equal(counter.getFunction("selfTest").fragment.selector);
      });
    });

    it("reverts with OwnableUnauthorizedAccount given data that calls the ProxyAdmin", async () => {
      const { controller, proxy, v1, upgrade } = await load();
      const { admin } = await controller.proxyRecord(proxy);
      const proxyAdmin = await connection.ethers.getContractAt("ProxyAdmin", admin);
      const v2 = await connection.ethers.deployContract("CounterV2");
      const around = proxyAdmin.interface.encodeFunctionData("upgradeAndCall", [
        proxy,
        await v1.getAddress(),
        "0x",
      ]);
      await expect(upgrade(v2, v2.interface.encodeFunctionData("callOut", [admin, around])))
        .to.be.revertedWithCustomError(proxyAdmin, "OwnableUnauthorizedAccount")
        .withArgs(proxy);
    });

    describe("given a sound implementation", () => {
      it("runs it on the same storage", async () => {
        const { counterV2, upgrade } = await load();
        const v2 = await connection.ethers.deployContract("CounterV2");
        await upgrade(v2, initializeV2(v2, 10n));
        await counterV2.increment();
        expect(await counterV2.version()).to.equal("2.0.0");
        expect(await counterV2.count()).to.equal(51n);
      });

      it("records the way back", async () => {
        const { controller, proxy, v1, upgrade } = await load();
        const v2 = await connection.ethers.deployContract("CounterV2");
        await upgrade(v2);
        const record = await controller.proxyRecord(proxy);
        expect(record.implementation).to.equal(v2);
        expect(record.previous).to.equal(v1);
        expect(record.previousCodehash).to.equal(await codehash(v1));
        expect(record.upgradedAt).to.equal(await connection.networkHelpers.time.latest());
      });

      it("emits Upgraded", async () => {
        const { controller, proxy, v1, upgrader, upgrade } = await load();
        const v2 = await connection.ethers.deployContract("CounterV2");
        await expect(upgrade(v2))
          .to.emit(controller, "Upgraded")
          .withArgs(proxy, v1, v2, await codehash(v1), await codehash(v2), upgrader);
      });
    });
  });

  describe("rollback", () => {
    async function upgradedProxy() {
      const proxied = await deployedProxy();
      const v2 = await connection.ethers.deployContract("CounterV2");
      await proxied.upgrade(v2, initializeV2(v2, 10n));
      return { ...proxied, v2 };
    }
    const loadUpgraded = () => connection.networkHelpers.loadFixture(upgradedProxy);

    it("reverts with AccessManagedUnauthorized when the caller lacks the role", async () => {
      const { controller, proxy, admin, upgrader, stranger } = await loadUpgraded();
      for (const caller of [admin, upgrader, stranger]) {
        await expect(controller.connect(caller).rollback(proxy))
          .to.be.revertedWithCustomError(controller, "AccessManagedUnauthorized")
          .withArgs(caller);
      }
    });

    it("reverts with UnknownProxy given a proxy that it did not deploy", async () => {
      const { controller, guardian, v1 } = await loadUpgraded();
      await expect(controller.connect(guardian).rollback(v1))
        .to.be.revertedWithCustomError(controller, "UnknownProxy")
        .withArgs(v1);
    });

    it("reverts with NothingToRollBack given a proxy that was never upgraded", async () => {
      const { controller, proxy, rollback } = await load();
      await expect(rollback()).to.be.revertedWithCustomError(controller, "NothingToRollBack").withArgs(proxy);
    });

    it("reverts with NothingToRollBack given a proxy that was rolled back already", async () => {
      const { controller, proxy, rollback } = await loadUpgraded();
      await rollback();
      await expect(rollback()).to.be.revertedWithCustomError(controller, "NothingToRollBack").withArgs(proxy);
    });

    for (const [what, code] of [
      ["changed", "0x6001600101"],
      ["is gone", "0x"],
    ] as const) {
      it(`reverts with CodehashChanged given a previous implementation whose code ${what}`, async () => {
        const { controller, v1, rollback } = await loadUpgraded();
        const expected = await codehash(v1);
        await connection.networkHelpers.setCode(await v1.getAddress(), code);
        await expect(rollback())
          .to.be.revertedWithCustomError(controller, "CodehashChanged")
          .withArgs(v1, expected, (actual: string) => actual !== expected);
      });
    }

    it("rolls back in the last second of the window", async () => {
      const { controller, proxy, v1, rollback } = await loadUpgraded();
      const { upgradedAt } = await controller.proxyRecord(proxy);
      await connection.networkHelpers.time.setNextBlockTimestamp(upgradedAt + BigInt(WINDOW) - 1n);
      await rollback();
      expect((await controller.proxyRecord(proxy)).implementation).to.equal(v1);
    });

    it("reverts with RollbackWindowOver in the first second after the window", async () => {
      const { controller, proxy, rollback } = await loadUpgraded();
      const closedAt = (await controller.proxyRecord(proxy)).upgradedAt + BigInt(WINDOW);
      await connection.networkHelpers.time.setNextBlockTimestamp(closedAt);
      await expect(rollback())
        .to.be.revertedWithCustomError(controller, "RollbackWindowOver")
        .withArgs(closedAt, closedAt);
    });

    it("rolls back from a new implementation that reverts on everything", async () => {
      const { counter, v2, rollback } = await loadUpgraded();
      const INVALID = "0xfe";
      await connection.networkHelpers.setCode(await v2.getAddress(), INVALID);
      await expect(counter.count()).to.be.revert(connection.ethers);
      await rollback();
      expect(await counter.version()).to.equal("1.0.0");
    });

    it("goes back to the one before the last given two upgrades in a row", async () => {
      const { controller, proxy, v2, upgrade, rollback } = await loadUpgraded();
      await upgrade(await connection.ethers.deployContract("CounterV2b"));
      await rollback();
      expect((await controller.proxyRecord(proxy)).implementation).to.equal(v2);
    });

    describe("given an upgrade", () => {
      it("restores the code at once and keeps the data", async () => {
        const { counter, rollback } = await loadUpgraded();
        await counter.increment();
        await rollback();
        await counter.increment();
        expect(await counter.version()).to.equal("1.0.0");
        expect(await counter.count()).to.equal(41n + 10n + 1n);
      });

      it("forgets the way back", async () => {
        const { ethers } = connection;
        const { controller, proxy, v1, rollback } = await loadUpgraded();
        const { admin, upgradedAt } = await controller.proxyRecord(proxy);
        await rollback();
        expect(await controller.proxyRecord(proxy)).to.deep.equal([
          admin,
          await v1.getAddress(),
          ethers.ZeroAddress,
          ethers.ZeroHash,
          upgradedAt,
        ]);
      });

      it("emits RolledBack", async () => {
        const { controller, proxy, v1, v2, guardian, rollback } = await loadUpgraded();
        await expect(rollback())
          .to.emit(controller, "RolledBack")
          .withArgs(proxy, v2, v1, await codehash(v2), await codehash(v1), guardian);
      });
    });

    describe("given a second upgrade after the rollback", () => {
      async function rolledBackProxy() {
        const proxied = await upgradedProxy();
        await proxied.counter.increment();
        await proxied.rollback();
        await proxied.counter.increment();
        return { ...proxied, v2b: await connection.ethers.deployContract("CounterV2b") };
      }
      const loadRolledBack = () => connection.networkHelpers.loadFixture(rolledBackProxy);

      it("reverts with InvalidInitialization if it runs the old reinitializer again", async () => {
        const { v2, v2b, upgrade } = await loadRolledBack();
        await expect(upgrade(v2b, initializeV2(v2, 99n))).to.be.revertedWithCustomError(
          v2b,
          "InvalidInitialization",
        );
      });

      it("runs a new reinitializer on the storage of all versions", async () => {
        const { counterV2, v2b, upgrade } = await loadRolledBack();
        await upgrade(v2b, v2b.interface.encodeFunctionData("initializeV3", [100n]));
        await counterV2.increment();
        expect(await counterV2.version()).to.equal("2.1.0");
        expect(await counterV2.count()).to.equal(41n + 10n + 1n + 100n);
      });

      it("rolls back again", async () => {
        const { counter, v2b, upgrade, rollback } = await loadRolledBack();
        await upgrade(v2b);
        await rollback();
        expect(await counter.version()).to.equal("1.0.0");
        expect(await counter.count()).to.equal(52n);
      });
    });
  });
});
