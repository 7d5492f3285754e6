import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import {
  FUNCTION_ROLES,
  HELD_ROLES,
  ROLE_NAMES,
  ROLES,
  type HeldRole,
  type RoleName,
} from "../../deploy/roles.js";
import { rolesTable } from "../../deploy/roles-table.js";
import { mappedFunctions, TARGET_INTERFACES, TARGET_NAMES } from "../../deploy/selectors.js";
import { deployedSuite } from "../support/suite.js";

const DAY = 86_400;

describe("the role data", () => {
  for (const target of TARGET_NAMES) {
    it(`says of every function of the ${target} that changes state who may call it, once`, () => {
      const stateChanging: string[] = [];
      TARGET_INTERFACES[target].forEachFunction(({ name, constant }) => {
        if (!constant) stateChanging.push(name);
      });
      const named = Object.values(FUNCTION_ROLES[target]).flat();
      expect(named).to.have.members(stateChanging);
    });
  }

  it("has ids that are never used twice", () => {
    const ids = ROLE_NAMES.map((name) => ROLES[name].id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ROLES.ADMIN.id).to.equal(0n, "AccessManager's own constant");
  });

  it("gives every held role something to do", () => {
    const used = new Set(mappedFunctions().map(({ role }) => role));
    expect(HELD_ROLES.filter((role) => !used.has(role))).to.deep.equal([]);
  });

  it("has nobody cancel their own role's operations as its guardian", () => {
    for (const name of ROLE_NAMES) {
      if (name !== "ADMIN") expect(ROLES[name].guardian, name).not.to.equal(name);
    }
  });

  it("lets GUARDIAN veto whatever waits, but for revoking a role and naming one", () => {
    const beyondVeto = mappedFunctions()
      .filter(({ role }) => ROLES[role].executionDelay > 0 || !ROLES[role].held)
      .filter(({ role }) => ROLES[role].guardian !== "GUARDIAN")
      .flatMap(({ target, functions }) => functions.map((name) => `${target}.${name}`));
    expect(beyondVeto).to.deep.equal(["accessManager.labelRole", "accessManager.revokeRole"]);
  });

  it("makes no way around UPGRADER's delay: granting the role takes longer than using it", () => {
    expect(ROLES.ADMIN.executionDelay).to.be.greaterThan(ROLES.UPGRADER.executionDelay);
  });

  it("is what docs/deployment.md says", async () => {
    const compact = (markdown: string) => markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---");
    expect(compact(await readFile("docs/deployment.md", "utf8"))).to.include(compact(rolesTable()));
  });

  it("lets the slow path extend a pause of exits before the fast one ends", () => {
    const MAX_EXITS_PAUSE = 7 * DAY;
    expect(ROLES.CONFIGURATOR.executionDelay).to.be.lessThan(MAX_EXITS_PAUSE);
  });
});

describe("the roles on the chain", () => {
  let connection: NetworkConnection;
  before(async () => {
    connection = await network.create();
  });
  const deployed = () => deployedSuite(connection);
  const load = () => connection.networkHelpers.loadFixture(deployed);

  it("let each holder call its own functions, after its delay and no others' functions", async () => {
    const { accessManager, record, parameters } = await load();
    for (const { target, role, functions, selectors } of mappedFunctions()) {
      if (target === "accessManager") continue; // Its own functions are ADMIN's whatever they are mapped to; see below.
      for (const [i, selector] of selectors.entries()) {
        for (const other of HELD_ROLES) {
          const holder = parameters.holders[other][0]!;
          const [immediate, delay] = await accessManager.canCall(
            holder,
            record.contracts[target].address,
            selector,
          );
          const { executionDelay } = ROLES[role];
          const held = parameters.holders[role as HeldRole].includes(holder);
          const expected = held ? [executionDelay === 0, executionDelay] : [false, 0];
          expect([immediate, Number(delay)], `${other}: ${target}.${functions[i]}`).to.deep.equal(expected);
        }
      }
    }
  });

  it("leave the deployer with none", async () => {
    const { accessManager, deployer } = await load();
    for (const name of ROLE_NAMES) {
      expect((await accessManager.hasRole(ROLES[name].id, deployer)).isMember, name).to.equal(false);
    }
  });

  it("let nobody have the role that only marks what can be vetoed", async () => {
    const { accessManager } = await load();
    expect(
      await accessManager.queryFilter(accessManager.filters.RoleGranted(ROLES.VETOABLE.id)),
    ).to.deep.equal([]);
  });

  describe("ADMIN", () => {
    /** ADMIN schedules a call to the AccessManager itself. */
    async function schedule(call: "grantRole" | "revokeRole", role: RoleName) {
      const suite = await load();
      const { accessManager, holders, users, parameters } = suite;
      const account = call === "grantRole" ? users[0]!.address : parameters.holders[role as "GUARDIAN"][0]!;
      const data =
        call === "grantRole"
          ? accessManager.interface.encodeFunctionData(call, [ROLES[role].id, account, 0])
          : accessManager.interface.encodeFunctionData(call, [ROLES[role].id, account]);
      await accessManager.connect(holders.ADMIN).schedule(accessManager, data, 0);
      const execute = () => holders.ADMIN.sendTransaction({ to: accessManager, data });
      return { ...suite, account, data, execute };
    }

    it("grants nothing at once, not even to itself", async () => {
      const { accessManager, holders } = await load();
      await expect(
        accessManager.connect(holders.ADMIN).grantRole(ROLES.UPGRADER.id, holders.ADMIN, 0),
      ).to.be.revertedWithCustomError(accessManager, "AccessManagerNotScheduled");
    });

    it("grants after its delay", async () => {
      const { accessManager, account, execute } = await schedule("grantRole", "OPERATOR");
      await connection.networkHelpers.time.increase(ROLES.ADMIN.executionDelay);
      await execute();
      expect((await accessManager.hasRole(ROLES.OPERATOR.id, account)).isMember).to.equal(true);
    });

    it("can be vetoed by GUARDIAN before it grants", async () => {
      const { accessManager, holders, data, execute } = await schedule("grantRole", "UPGRADER");
      await accessManager.connect(holders.GUARDIAN).cancel(holders.ADMIN, accessManager, data);
      await connection.networkHelpers.time.increase(ROLES.ADMIN.executionDelay);
      await expect(execute()).to.be.revertedWithCustomError(accessManager, "AccessManagerNotScheduled");
    });

    it("cannot be stopped from revoking a GUARDIAN whose key was stolen", async () => {
      const { accessManager, holders, account, data, execute } = await schedule("revokeRole", "GUARDIAN");
      await expect(
        accessManager.connect(holders.GUARDIAN).cancel(holders.ADMIN, accessManager, data),
      ).to.be.revertedWithCustomError(accessManager, "AccessManagerUnauthorizedCancel");
      await connection.networkHelpers.time.increase(ROLES.ADMIN.executionDelay);
      await execute();
      expect((await accessManager.hasRole(ROLES.GUARDIAN.id, account)).isMember).to.equal(false);
    });

    it("makes an UPGRADER who has to wait again, from the fifth day after the deployment on", async () => {
      const { accessManager, account, execute } = await schedule("grantRole", "UPGRADER");
      await connection.networkHelpers.time.increase(await accessManager.minSetback());
      await execute();
      expect((await accessManager.hasRole(ROLES.UPGRADER.id, account)).isMember).to.equal(false);
      await connection.networkHelpers.time.increase(ROLES.UPGRADER.grantDelay);
      expect((await accessManager.hasRole(ROLES.UPGRADER.id, account)).isMember).to.equal(true);
    });
  });

  describe("CONFIGURATOR", () => {
    /** CONFIGURATOR schedules to let nobody out for a year. */
    async function schedule() {
      const suite = await load();
      const { accessManager, escrow, holders } = suite;
      const data = escrow.interface.encodeFunctionData("extendPause", [4, 365 * DAY, "why not"]);
      await accessManager.connect(holders.CONFIGURATOR).schedule(escrow, data, 0);
      const execute = () => holders.CONFIGURATOR.sendTransaction({ to: escrow, data });
      return { ...suite, data, execute };
    }

    it("does nothing at once", async () => {
      const { accessManager, execute } = await schedule();
      await expect(execute()).to.be.revertedWithCustomError(accessManager, "AccessManagerNotReady");
    });

    it("acts after its delay", async () => {
      const { escrow, execute } = await schedule();
      await connection.networkHelpers.time.increase(ROLES.CONFIGURATOR.executionDelay);
      await execute();
      expect(await escrow.paused()).to.equal(4n);
    });

    it("can be vetoed by GUARDIAN before it acts", async () => {
      const { accessManager, escrow, holders, data, execute } = await schedule();
      await accessManager.connect(holders.GUARDIAN).cancel(holders.CONFIGURATOR, escrow, data);
      await connection.networkHelpers.time.increase(ROLES.CONFIGURATOR.executionDelay);
      await expect(execute()).to.be.revertedWithCustomError(accessManager, "AccessManagerNotScheduled");
    });
  });

  it("let GUARDIAN cancel an upgrade", async () => {
    const { accessManager, upgradeController, escrow, holders } = await load();
    const implementation = await connection.ethers.deployContract("Counter");
    const data = upgradeController.interface.encodeFunctionData("upgrade", [
      await escrow.getAddress(),
      await implementation.getAddress(),
      "0x",
    ]);
    await accessManager.connect(holders.UPGRADER).schedule(upgradeController, data, 0);
    await expect(
      accessManager.connect(holders.GUARDIAN).cancel(holders.UPGRADER, upgradeController, data),
    ).to.emit(accessManager, "OperationCanceled");
  });
});
