import { expect } from "chai";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { findRoleDifferences } from "../../deploy/roles-diff.js";
import { ROLES } from "../../deploy/roles.js";
import { deployedSuite } from "../support/suite.js";

const DAY = 86_400;

describe("findRoleDifferences", () => {
  let connection: NetworkConnection;
  before(async () => {
    connection = await network.create();
  });
  const deployed = () => deployedSuite(connection);

  async function load() {
    const suite = await connection.networkHelpers.loadFixture(deployed);
    const { accessManager, holders, record, parameters } = suite;
    return {
      ...suite,
      /** ADMIN changes the authority, as slowly as it must. */
      change: async (functionName: string, args: unknown[]) => {
        const data = accessManager.interface.encodeFunctionData(functionName as "grantRole", args as never);
        await accessManager.connect(holders.ADMIN).schedule(accessManager, data, 0);
        await connection.networkHelpers.time.increase(3 * DAY);
        await holders.ADMIN.sendTransaction({ to: accessManager, data });
      },
      differences: () => findRoleDifferences(connection, record, parameters.holders),
    };
  }

  it("finds none after a deployment", async () => {
    const { differences } = await load();
    expect(await differences()).to.deep.equal([]);
  });

  it("still finds none once every delay is in effect", async () => {
    const { differences } = await load();
    await connection.networkHelpers.time.increase(30 * DAY);
    await connection.networkHelpers.mine();
    expect(await differences()).to.deep.equal([]);
  });

  it("refuses a record of another chain", async () => {
    const { record, parameters } = await load();
    const anew = await network.create();
    const refusal = await findRoleDifferences(anew, record, parameters.holders).catch(
      (error: Error) => error,
    );
    expect(refusal).to.be.instanceOf(Fault);
    expect((refusal as Fault).message).to.equal(
      "The record deploy/records/31337.json is of another chain: deploy again, or point --network at the right one.",
    );
  });

  it("reports a rogue grant", async () => {
    const { change, differences, users } = await load();
    await change("grantRole", [ROLES.OPERATOR.id, users[0]!.address, 0]);
    expect(await differences()).to.deep.equal([
      {
        kind: "unexpected holder",
        subject: `OPERATOR of ${users[0]!.address}`,
        expected: "not granted",
        found: "granted",
      },
    ]);
  });

  it("reports a grant of a role that the data does not know", async () => {
    const { change, differences, users } = await load();
    await change("grantRole", [77n, users[0]!.address, 0]);
    expect(await differences()).to.deep.equal([
      {
        kind: "unexpected holder",
        subject: `role 77 of ${users[0]!.address}`,
        expected: "not granted",
        found: "granted",
      },
    ]);
  });

  it("reports a missing grant", async () => {
    const { accessManager, differences, holders } = await load();
    await accessManager.connect(holders.ARBITER).renounceRole(ROLES.ARBITER.id, holders.ARBITER);
    expect(await differences()).to.deep.equal([
      {
        kind: "missing holder",
        subject: `ARBITER of ${holders.ARBITER.address}`,
        expected: "granted",
        found: "not granted",
      },
    ]);
  });

  it("reports a holder whose delay was shortened, before that is in effect", async () => {
    const { change, differences, holders } = await load();
    await change("grantRole", [ROLES.UPGRADER.id, holders.UPGRADER.address, 60]);
    expect(await differences()).to.deep.equal([
      {
        kind: "execution delay",
        subject: `UPGRADER of ${holders.UPGRADER.address}`,
        expected: `${2 * DAY} s`,
        found: "60 s",
      },
    ]);
  });

  it("reports a remapped selector", async () => {
    const { change, differences, escrow } = await load();
    const { selector } = escrow.getFunction("sweepSurplus").fragment;
    await change("setTargetFunctionRole", [await escrow.getAddress(), [selector], ROLES.OPERATOR.id]);
    expect(await differences()).to.deep.equal([
      { kind: "function role", subject: "escrow.sweepSurplus", expected: "TREASURY", found: "OPERATOR" },
    ]);
  });

  it("reports a mapping on a contract that is not of the suite", async () => {
    const { change, differences, usdc } = await load();
    const target = await usdc.getAddress();
    await change("setTargetFunctionRole", [target, ["0x12345678"], ROLES.OPERATOR.id]);
    expect(await differences()).to.deep.equal([
      { kind: "function role", subject: `${target} 0x12345678`, expected: "ADMIN", found: "OPERATOR" },
    ]);
  });

  it("reports another admin, another guardian, another grant delay", async () => {
    const { change, differences } = await load();
    await change("setRoleAdmin", [ROLES.TREASURY.id, ROLES.OPERATOR.id]);
    await change("setRoleGuardian", [ROLES.UPGRADER.id, ROLES.TREASURY.id]);
    await change("setGrantDelay", [ROLES.UPGRADER.id, 0]);
    expect(await differences()).to.have.deep.members([
      { kind: "role admin", subject: "TREASURY", expected: "ADMIN", found: "OPERATOR" },
      { kind: "role guardian", subject: "UPGRADER", expected: "GUARDIAN", found: "TREASURY" },
      { kind: "grant delay", subject: "UPGRADER", expected: `${2 * DAY} s`, found: "0 s" },
    ]);
  });

  it("reports a closed target and a shortened target delay", async () => {
    const { change, differences, escrow } = await load();
    await change("setTargetAdminDelay", [await escrow.getAddress(), 0]);
    await change("setTargetClosed", [await escrow.getAddress(), true]);
    expect(await differences()).to.have.deep.members([
      { kind: "target admin delay", subject: "escrow", expected: `${3 * DAY} s`, found: "0 s" },
      { kind: "closed target", subject: "escrow", expected: "open", found: "closed" },
    ]);
  });
});
