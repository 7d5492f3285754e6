import { expect } from "chai";
import { network } from "hardhat";

import { itFollows } from "../specs/outline.js";
import { deployedSuite } from "../support/suite.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** The suite as it is deployed, and one of its contracts with the name that its trees begin with. */
const load = async (contract: "escrow" | "complianceRegistry" | "upgradeController") => {
  const suite = await networkHelpers.loadFixture(deployed);
  // Any of them has what all of them have.
  const managed = await ethers.getContractAt("UpgradeController", await suite[contract].getAddress());
  const manager = await ethers.getImpersonatedSigner(await suite.accessManager.getAddress());
  await networkHelpers.setBalance(manager.address, ethers.parseEther("1"));
  return { ...suite, managed, manager };
};
const deployed = () => deployedSuite(connection);

/** What every contract takes from OpenZeppelin's AccessManaged. */
function behavesAsManaged(contract: Parameters<typeof load>[0]) {
  describe("authority", () => {
    it("is the AccessManager", async () => {
      const { managed, accessManager } = await load(contract);
      expect(await managed.authority()).to.equal(accessManager);
    });
  });

  describe("setAuthority", () => {
    it("obeys the AccessManager alone, and says so", async () => {
      const { managed, manager } = await load(contract);
      const successor = await ethers.deployContract("AccessManager", [manager]);
      await expect(managed.connect(manager).setAuthority(successor))
        .to.emit(managed, "AuthorityUpdated")
        .withArgs(successor);
      expect(await managed.authority()).to.equal(successor);
    });

    it("reverts with AccessManagedUnauthorized for every role, the deployer and a stranger", async () => {
      const { managed, holders, deployer, users, accessManager } = await load(contract);
      for (const caller of [...Object.values(holders), deployer, users[0]!]) {
        await expect(managed.connect(caller).setAuthority(accessManager))
          .to.be.revertedWithCustomError(managed, "AccessManagedUnauthorized")
          .withArgs(caller.address);
      }
    });

    it("reverts with AccessManagedInvalidAuthority given an account without code", async () => {
      const { managed, manager, users } = await load(contract);
      await expect(managed.connect(manager).setAuthority(users[0]!))
        .to.be.revertedWithCustomError(managed, "AccessManagedInvalidAuthority")
        .withArgs(users[0]!.address);
    });
  });

  describe("isConsumingScheduledOp", () => {
    it("is nothing outside of a call that was scheduled", async () => {
      const { managed } = await load(contract);
      expect(await managed.isConsumingScheduledOp()).to.equal("0x00000000");
    });
  });
}

describe("Escrow access", () => {
  itFollows("access.tree");
  behavesAsManaged("escrow");
});

describe("ComplianceRegistry access", () => {
  itFollows("access.tree");
  behavesAsManaged("complianceRegistry");
});

describe("UpgradeController access", () => {
  itFollows("access.tree");
  behavesAsManaged("upgradeController");
});
