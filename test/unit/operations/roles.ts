import { expect } from "chai";
import { getAddress } from "ethers";

import type { Holders } from "../../../deploy/parameters.js";
import { ROLES, type HeldRole } from "../../../deploy/roles.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { requireHonest } from "../../../scripts/lib/operations/scrutiny.js";
import type { Suite } from "../../../scripts/lib/operations/suite.js";
import { verify } from "../../../scripts/lib/operations/verification.js";
import { requestOf, type VerbArguments } from "../../../scripts/ops/requests.js";
import type { VerbName } from "../../../scripts/ops/verbs.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const DAY = 86_400;
const newcomer = getAddress("0x00000000000000000000000000000000000b0b01");
const other = getAddress("0x00000000000000000000000000000000000b0b02");

describe("acts of roles", function () {
  let chain: AdminChain;
  before(async () => {
    chain = await AdminChain.start();
    // OpenZeppelin begins to apply a grant delay after 5 days.
    await chain.pass(6 * DAY);
    await chain.keep();
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const holder = (role: HeldRole) => chain.deployed.holders[role].address;
  /** The suite, once the parameters were changed. */
  const suiteWith = (change: Partial<Holders>): Suite => {
    const { parameters } = chain.deployed;
    const holders = { ...parameters.holders, ...change } as typeof parameters.holders;
    return { ...chain.suite, parameters: { ...parameters, holders } };
  };
  const plan = async (suite: Suite, verb: VerbName, args: VerbArguments): Promise<OpenManifest> => {
    const request = await requestOf(verb, { reason: "test", validFor: "7d", ...args }, suite);
    const { prepare, ...asked } = request;
    return await chain.plan(async (planning) => await prepare({ ...planning, suite }), asked);
  };
  const callsOf = (opened: OpenManifest, step: string) => {
    const { call } = opened.step(step);
    return (call.calls.length > 0 ? call.calls : [call]).map(
      ({ function: name, arguments: [role, account] }) =>
        [name.split("(")[0], role!.meaning, account!.value].join(" "),
    );
  };
  const holds = async (role: HeldRole, account: string) =>
    (await chain.deployed.accessManager.hasRole(ROLES[role].id, account)).isMember;

  describe("grant", () => {
    it("gives the one role to the one account, whatever else differs", async () => {
      const suite = suiteWith({ OPERATOR: [holder("OPERATOR"), newcomer], TREASURY: [other] });
      const opened = await plan(suite, "grant", { role: "operator", to: newcomer });
      expect(callsOf(opened, "execute")).to.deep.equal([`grantRole OPERATOR ${newcomer}`]);
      expect(opened.manifest.operation).to.include({ name: "grant-operator", verb: "grant" });
      for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
      expect(await holds("OPERATOR", newcomer)).to.equal(true);
    });

    it("is refused until the parameters say so, and tells what to change", async () => {
      expect(await faultOf(plan(chain.suite, "grant", { role: "OPERATOR", to: newcomer }))).to.equal(
        `The parameters do not name ${newcomer} for OPERATOR: add it to holders.OPERATOR, have that reviewed, then plan again.`,
      );
    });

    it("is refused where it was made already", async () => {
      const granted = plan(chain.suite, "grant", { role: "OPERATOR", to: holder("OPERATOR") });
      expect(await faultOf(granted)).to.include("was granted OPERATOR already");
    });
  });

  describe("revoke", () => {
    it("takes the role at once when its delay is over, also from its last holder", async () => {
      const suite = suiteWith({ UPGRADER: [newcomer] });
      const opened = await plan(suite, "revoke", { role: "UPGRADER", from: holder("UPGRADER") });
      expect(opened.manifest.steps.map(({ id }) => id)).to.deep.equal(["schedule", "execute"]);
      for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
      expect(await holds("UPGRADER", holder("UPGRADER"))).to.equal(false);
    });

    it("is refused as long as the parameters name the holder", async () => {
      const revoked = plan(chain.suite, "revoke", { role: "OPERATOR", from: holder("OPERATOR") });
      expect(await faultOf(revoked)).to.include("take it out of holders.OPERATOR");
    });

    it("is refused of somebody who does not hold it", async () => {
      expect(await faultOf(plan(chain.suite, "revoke", { role: "OPERATOR", from: other }))).to.include(
        `${other} does not hold OPERATOR`,
      );
    });

    it("is refused of the last ADMIN", async () => {
      const revoked = plan(suiteWith({ ADMIN: [newcomer] }), "revoke", {
        role: "ADMIN",
        from: holder("ADMIN"),
        account: holder("ADMIN"),
      });
      expect(await faultOf(revoked)).to.include("Nobody whom the parameters name would hold ADMIN");
    });
  });

  describe("rotate", () => {
    it("grants and revokes in one transaction where a grant counts at once", async () => {
      const suite = suiteWith({ GUARDIAN: [newcomer] });
      const opened = await plan(suite, "rotate", {
        role: "GUARDIAN",
        from: holder("GUARDIAN"),
        to: newcomer,
      });
      expect(callsOf(opened, "execute")).to.deep.equal([
        `grantRole GUARDIAN ${newcomer}`,
        `revokeRole GUARDIAN ${holder("GUARDIAN")}`,
      ]);
      expect(opened.manifest.steps).to.have.length(2);
    });

    it("never leaves the suite without an ADMIN", async () => {
      const [old, suite] = [holder("ADMIN"), suiteWith({ ADMIN: [newcomer] })];
      const opened = await plan(suite, "rotate", { role: "ADMIN", from: old, to: newcomer });
      expect(opened.manifest.steps.map(({ id, account }) => [id, account])).to.deep.equal([
        ["schedule", old],
        ["execute", old],
        ["revoke", old],
      ]);
      const admins = async () => [await holds("ADMIN", old), await holds("ADMIN", newcomer)];
      await chain.carryOut(opened, "schedule");
      await chain.carryOut(opened, "execute");
      expect(await admins()).to.deep.equal([true, false]);
      // The old one cannot go before the new one counts.
      await chain.pass(2 * DAY);
      expect(await admins()).to.deep.equal([true, false]);
      await chain.pass(DAY);
      expect(await admins()).to.deep.equal([true, true]);
      await chain.sendAs(old, opened.step("revoke").transaction);
      expect(await admins()).to.deep.equal([false, true]);
      expect(await faultOf(plan(suite, "roles", { account: newcomer }))).to.include("are as deploy/roles.ts");
    });

    it("is rehearsed to its end, as it is planned", async () => {
      const suite = suiteWith({ ADMIN: [newcomer] });
      const opened = await plan(suite, "rotate", { role: "ADMIN", from: holder("ADMIN"), to: newcomer });
      const { branches, passed } = await rehearse(suite, opened);
      expect(branches.map(({ name, problems }) => [name, problems])).to.deep.equal([
        ["schedule → execute → revoke", []],
      ]);
      expect(passed).to.equal(true);
    });

    it("is honest about whoever holds the roles by which the plan calls them, and about nobody else", async () => {
      const suite = suiteWith({ ADMIN: [newcomer] });
      const { manifest } = await plan(suite, "rotate", {
        role: "ADMIN",
        from: holder("ADMIN"),
        to: newcomer,
      });
      const { provider } = chain.connection.ethers;
      const honesty = (names: Record<string, string>, asked = suite) =>
        requireHonest(asked, provider, { ...manifest, names: { ...manifest.names, ...names } }, []);
      await honesty({});
      for (const name of ["CONFIGURATOR+GUARDIAN", "ADMIN"]) {
        expect(await faultOf(honesty({ [holder("ADMIN")]: name }))).to.include(
          `${holder("ADMIN")} ${name}, and the parameters CONFIGURATOR; on the chain it holds ADMIN+CONFIGURATOR`,
        );
      }
      // The first holder must not pass for the second, though both hold the role.
      const several = suiteWith({ ADMIN: [newcomer], GUARDIAN: [other, holder("GUARDIAN")] });
      await honesty({ [holder("GUARDIAN")]: "GUARDIAN 2" }, several);
      const swapped = suiteWith({ ADMIN: [newcomer], GUARDIAN: [holder("GUARDIAN"), other] });
      expect(await faultOf(honesty({ [holder("GUARDIAN")]: "GUARDIAN 2" }, swapped))).to.include(
        "GUARDIAN 2",
      );
    });

    it("is verified by what it was to mend, and only remarks on the rest", async () => {
      const suite = suiteWith({ GUARDIAN: [newcomer], TREASURY: [other] });
      const opened = await plan(suite, "rotate", {
        role: "GUARDIAN",
        from: holder("GUARDIAN"),
        to: newcomer,
      });
      for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
      const { checks, remarks } = await verify(suite, opened);
      expect(checks.find(({ name }) => name === "roles")!.problems).to.deep.equal([]);
      expect(remarks.join()).to.include(`TREASURY of ${other}`);
    });

    it("keeps the ADMIN also where all roles are mended at once", async () => {
      const suite = suiteWith({ ADMIN: [newcomer], TREASURY: [other] });
      const opened = await plan(suite, "roles", { account: holder("ADMIN") });
      expect(callsOf(opened, "execute")).to.deep.equal([
        `grantRole ADMIN ${newcomer}`,
        `grantRole TREASURY ${other}`,
        `revokeRole TREASURY ${holder("TREASURY")}`,
      ]);
      expect(callsOf(opened, "revoke")).to.deep.equal([`revokeRole ADMIN ${holder("ADMIN")}`]);
    });

    it("is refused of a role that there is not", async () => {
      expect(
        await faultOf(plan(chain.suite, "rotate", { role: "KING", from: other, to: newcomer })),
      ).to.include("--role is one of ADMIN");
    });
  });
});
