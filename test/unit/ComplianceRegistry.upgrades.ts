import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  COMPLIANCE,
  Standing,
  attestationOf,
  blockedRecord,
  clearedRecord,
  deployEscrowImplementation,
  deployProxy,
  deployRegistry,
  ethers,
  loadFixture,
  networkHelpers,
  openPolicy,
  setImplementation,
  signAttestation,
} from "./fixtures/registry.js";
import { LIST_MODE_OFFSET, controlsSlot } from "./fixtures/slots.js";

/** As `deployRegistry`, and code for the escrow that names a registry of its own, which names no escrow. */
async function withSuccessor() {
  const fixture = await deployRegistry();
  const { manager, admin, implementation } = fixture;
  const successor = await ethers.getContractAt(
    "ComplianceRegistry",
    await deployProxy(implementation, admin, manager),
  );
  await manager.setTargetFunctionRole(successor, [successor.setRecords.fragment.selector], COMPLIANCE);
  return { ...fixture, successor, nextCode: await deployEscrowImplementation(successor, manager) };
}

type Succeeded = Awaited<ReturnType<typeof withSuccessor>>;

describe("ComplianceRegistry under upgrades of its escrow", () => {
  itFollows("ComplianceRegistry.tree");

  describe("the escrow's self-test", () => {
    it("returns its own selector", async () => {
      const { escrow } = await loadFixture(deployRegistry);

      expect(await escrow.selfTest()).to.equal(escrow.selfTest.fragment.selector);
    });

    it("reverts with InvalidDependency given a storage that was never initialised", async () => {
      const { escrowImplementation } = await loadFixture(deployRegistry);

      await expect(escrowImplementation.selfTest())
        .to.be.revertedWithCustomError(escrowImplementation, "InvalidDependency")
        .withArgs(ethers.ZeroAddress);
    });

    it("panics given a stored policy with an unknown list mode", async () => {
      const { escrow } = await loadFixture(deployRegistry);
      await networkHelpers.setStorageAt(await escrow.getAddress(), controlsSlot, 2n << LIST_MODE_OFFSET);

      await expect(escrow.selfTest()).to.be.revertedWithPanic(0x21);
    });

    it("reverts with InvalidDependency given code that names another escrow's registry", async () => {
      const { escrow, escrowImplementation, manager, registry, admin } = await loadFixture(deployRegistry);
      const another = await ethers.getContractAt(
        "Escrow",
        await deployProxy(escrowImplementation, admin, manager),
      );

      await expect(another.selfTest())
        .to.be.revertedWithCustomError(escrow, "InvalidDependency")
        .withArgs(await registry.getAddress());
    });

    it("reverts with InvalidDependency given code that names the registry's implementation in place of its proxy", async () => {
      const { escrow, implementation, manager, admin } = await loadFixture(deployRegistry);
      await setImplementation(escrow, admin, await deployEscrowImplementation(implementation, manager));

      await expect(escrow.selfTest())
        .to.be.revertedWithCustomError(escrow, "InvalidDependency")
        .withArgs(await implementation.getAddress());
    });

    it("passes given code that names a new registry without an escrow", async () => {
      const { escrow, nextCode, admin } = await loadFixture(withSuccessor);
      await setImplementation(escrow, admin, nextCode);

      expect(await escrow.selfTest()).to.equal(escrow.selfTest.fragment.selector);
    });
  });

  describe("when new code of the escrow names a new registry", () => {
    it("keeps every record, and obeys the new registry alone", async () => {
      const { registry, successor, escrow, nextCode, admin, officer, buyer } =
        await loadFixture(withSuccessor);
      const update = { account: buyer, ...blockedRecord };
      await registry.connect(officer).setRecords([update]);
      await setImplementation(escrow, admin, nextCode);
      await successor.setEscrow(escrow);

      await expect(registry.connect(officer).setRecords([{ ...update, standing: Standing.Cleared }]))
        .to.be.revertedWithCustomError(escrow, "UnauthorizedCaller")
        .withArgs(await registry.getAddress());
      await successor.connect(officer).setRecords([{ ...update, riskScore: 99 }]);
      const { standing, riskScore, revision } = await escrow.recordOf(buyer);
      expect([standing, riskScore, revision]).to.deep.equal([Standing.Blocked, 99n, 2n]);
    });

    it("obeys the first registry again after a rollback, on the records as they are then", async () => {
      const { registry, successor, escrow, escrowImplementation, nextCode, admin, officer, buyer } =
        await loadFixture(withSuccessor);
      const update = { account: buyer, ...clearedRecord };
      await setImplementation(escrow, admin, nextCode);
      await successor.setEscrow(escrow);
      await successor.connect(officer).setRecords([update]);
      await setImplementation(escrow, admin, escrowImplementation);

      await expect(successor.connect(officer).setRecords([update])).to.be.revertedWithCustomError(
        escrow,
        "UnauthorizedCaller",
      );
      await registry.connect(officer).setRecords([{ ...update, standing: Standing.Blocked }]);
      const { standing, revision } = await escrow.recordOf(buyer);
      expect([standing, revision]).to.deep.equal([Standing.Blocked, 2n]);
    });

    for (const [name, attempt] of Object.entries({
      setRecords: async ({ registry, officer, buyer }: Succeeded) =>
        registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord }]),
      submitAttestation: async ({ registry, attester, buyer, stranger }: Succeeded) => {
        const attestation = attestationOf(buyer.address);
        const signature = await signAttestation(registry, attester, attestation);
        return registry.connect(stranger).submitAttestation(attestation, attester, signature);
      },
      setPolicy: async ({ registry, admin }: Succeeded) => registry.connect(admin).setPolicy(openPolicy),
    })) {
      describe(name, () => {
        it("reverts with UnauthorizedCaller given the old registry", async () => {
          const fixture = await loadFixture(withSuccessor);
          const { registry, successor, escrow, nextCode, admin } = fixture;
          await setImplementation(escrow, admin, nextCode);
          await successor.setEscrow(escrow);

          await expect(attempt(fixture))
            .to.be.revertedWithCustomError(escrow, "UnauthorizedCaller")
            .withArgs(await registry.getAddress());
        });
      });
    }
  });
});
