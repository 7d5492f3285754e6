import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  ListMode,
  Standing,
  blockedRecord,
  clearedRecord,
  deployEscrowImplementation,
  deployRegistry,
  deployUnconnected,
  ethers,
  loadFixture,
  networkHelpers,
  noRecord,
  openPolicy,
  POLICY_DELAY,
  setImplementation,
  time,
} from "./fixtures/registry.js";
import { LIST_MODE_OFFSET, controlsSlot } from "./fixtures/slots.js";

describe("ComplianceRegistry", () => {
  itFollows("ComplianceRegistry.tree");

  describe("initialize", () => {
    it("sets the authority", async () => {
      const { registry, manager } = await loadFixture(deployRegistry);

      expect(await registry.authority()).to.equal(await manager.getAddress());
    });

    it("reverts on the implementation", async () => {
      const { implementation, manager } = await loadFixture(deployRegistry);

      await expect(implementation.initialize(manager)).to.be.revertedWithCustomError(
        implementation,
        "InvalidInitialization",
      );
    });

    it("reverts the second time", async () => {
      const { registry, manager, admin } = await loadFixture(deployRegistry);

      await expect(registry.connect(admin).initialize(manager)).to.be.revertedWithCustomError(
        registry,
        "InvalidInitialization",
      );
    });

    it("reverts given an authority without code", async () => {
      const { implementation, admin, stranger } = await loadFixture(deployRegistry);
      const data = implementation.interface.encodeFunctionData("initialize", [stranger.address]);

      await expect(
        ethers.deployContract("TransparentUpgradeableProxy", [implementation, admin.address, data]),
      )
        .to.be.revertedWithCustomError(implementation, "AccessManagedInvalidAuthority")
        .withArgs(stranger.address);
    });
  });

  describe("selfTest", () => {
    it("returns its own selector", async () => {
      const { registry } = await loadFixture(deployRegistry);

      expect(await registry.selfTest()).to.equal(registry.selfTest.fragment.selector);
    });

    it("reverts given a storage that was never initialised", async () => {
      const { implementation } = await loadFixture(deployRegistry);

      await expect(implementation.selfTest())
        .to.be.revertedWithCustomError(implementation, "AccessManagedInvalidAuthority")
        .withArgs(ethers.ZeroAddress);
    });

    it("reverts given an authority whose code is gone", async () => {
      const { registry, manager } = await loadFixture(deployRegistry);
      await networkHelpers.setCode(await manager.getAddress(), "0x");

      await expect(registry.selfTest())
        .to.be.revertedWithCustomError(registry, "AccessManagedInvalidAuthority")
        .withArgs(await manager.getAddress());
    });

    it("reverts given a stored policy with an unknown list mode", async () => {
      const { registry, escrow } = await loadFixture(deployRegistry);
      await networkHelpers.setStorageAt(await escrow.getAddress(), controlsSlot, 2n << LIST_MODE_OFFSET);

      await expect(registry.selfTest()).to.be.revertedWithPanic(0x21);
    });

    it("reverts given an escrow whose code names another registry by now", async () => {
      const { registry, escrow, manager, admin } = await loadFixture(deployRegistry);
      const other = await deployUnconnected();
      const implementation = await deployEscrowImplementation(other.registry, manager);
      await setImplementation(escrow, admin, implementation);

      await expect(registry.selfTest())
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(await escrow.getAddress());
    });
  });

  describe("version", () => {
    it("is 1.0.0", async () => {
      const { registry } = await loadFixture(deployRegistry);

      expect(await registry.version()).to.equal("1.0.0");
    });
  });

  describe("setRecords", () => {
    for (const caller of ["stranger", "buyer", "attester", "policyAdmin"] as const) {
      it(`reverts when called by the ${caller}`, async () => {
        const fixture = await loadFixture(deployRegistry);
        const { registry, buyer } = fixture;

        await expect(
          registry.connect(fixture[caller]).setRecords([{ account: buyer, ...clearedRecord }]),
        ).to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized");
      });
    }

    it("stores the whole record and says so", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const { standing, riskScore, tier, jurisdiction, expiry, attestationHash } = clearedRecord;

      await expect(registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord }]))
        .to.emit(registry, "RecordSet")
        .withArgs(
          buyer.address,
          officer.address,
          standing,
          riskScore,
          tier,
          jurisdiction,
          expiry,
          1n,
          attestationHash,
        );
      expect(await registry.recordOf(buyer)).to.deep.equal([
        standing,
        riskScore,
        tier,
        jurisdiction,
        expiry,
        1n,
      ]);
      expect(await registry.attestationHashOf(buyer)).to.equal(attestationHash);
    });

    it("clears a record whose every field is zero, and goes on counting its revisions", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      await registry.connect(officer).setRecords([{ account: buyer, ...blockedRecord }]);
      await registry.connect(officer).setRecords([{ account: buyer, ...noRecord }]);

      expect(await registry.recordOf(buyer)).to.deep.equal([Standing.Unlisted, 0n, 0n, 0n, 0n, 2n]);
      expect(await registry.attestationHashOf(buyer)).to.equal(ethers.ZeroHash);
    });

    it("lets the later of two updates of one account stand", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      await registry.connect(officer).setRecords([
        { account: buyer, ...clearedRecord },
        { account: buyer, ...blockedRecord },
      ]);

      const record = await registry.recordOf(buyer);
      expect(record.standing).to.equal(Standing.Blocked);
      expect(record.revision).to.equal(2n);
    });

    it("writes nothing of a batch of which one update is bad", async () => {
      const { registry, officer, buyer, seller } = await loadFixture(deployRegistry);

      await expect(
        registry.connect(officer).setRecords([
          { account: buyer, ...clearedRecord },
          { account: seller, ...noRecord, tier: 1 },
        ]),
      ).to.be.revertedWithCustomError(registry, "UnlistedWithData");
      expect((await registry.recordOf(buyer)).revision).to.equal(0n);
    });

    it("reverts given the zero address", async () => {
      const { registry, officer } = await loadFixture(deployRegistry);

      await expect(
        registry.connect(officer).setRecords([{ account: ethers.ZeroAddress, ...clearedRecord }]),
      ).to.be.revertedWithCustomError(registry, "InvalidAccount");
    });

    it("reverts given a clearing that is over in this very second", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const expiry = BigInt(await time.latest()) + 100n;
      await time.setNextBlockTimestamp(expiry);

      await expect(registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, expiry }]))
        .to.be.revertedWithCustomError(registry, "ExpiryInPast")
        .withArgs(expiry, expiry);
    });

    it("accepts a clearing that is over in the next second", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const expiry = BigInt(await time.latest()) + 100n;
      await time.setNextBlockTimestamp(expiry - 1n);
      await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, expiry }]);

      expect((await registry.recordOf(buyer)).expiry).to.equal(expiry);
    });

    it("accepts a block whose expiry lies in the past, because it ends nothing", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      await registry.connect(officer).setRecords([{ account: buyer, ...blockedRecord, expiry: 1n }]);

      expect((await registry.recordOf(buyer)).standing).to.equal(Standing.Blocked);
    });

    for (const field of ["riskScore", "tier", "jurisdiction", "expiry", "attestationHash"] as const) {
      it(`reverts given an unlisted account with a leftover ${field}`, async () => {
        const { registry, officer, buyer } = await loadFixture(deployRegistry);
        const update = { account: buyer, ...noRecord, [field]: clearedRecord[field] };

        await expect(registry.connect(officer).setRecords([update]))
          .to.be.revertedWithCustomError(registry, "UnlistedWithData")
          .withArgs(buyer.address);
      });
    }
  });

  describe("setPolicy", () => {
    for (const caller of ["stranger", "officer", "attester"] as const) {
      it(`reverts when called by the ${caller}`, async () => {
        const fixture = await loadFixture(deployRegistry);
        const { registry } = fixture;

        await expect(registry.connect(fixture[caller]).setPolicy(openPolicy)).to.be.revertedWithCustomError(
          registry,
          "AccessManagedUnauthorized",
        );
      });
    }

    it("reverts when a delayed admin has not waited", async () => {
      const { registry, manager, policyAdmin } = await loadFixture(deployRegistry);

      await expect(registry.connect(policyAdmin).setPolicy(openPolicy)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotScheduled",
      );
    });

    it("replaces the whole policy after the delay and says so", async () => {
      const { registry, manager, policyAdmin, oracle } = await loadFixture(deployRegistry);
      const policy = {
        enforced: false,
        listMode: ListMode.Allow,
        maxRiskScore: 3,
        sanctionsOracle: await oracle.getAddress(),
      };
      const data = registry.interface.encodeFunctionData("setPolicy", [policy]);
      await manager.connect(policyAdmin).schedule(registry, data, 0);
      await time.increase(POLICY_DELAY);

      await expect(registry.connect(policyAdmin).setPolicy(policy))
        .to.emit(registry, "PolicySet")
        .withArgs(Object.values(policy), policyAdmin.address);
      expect(await registry.policy()).to.deep.equal(Object.values(policy));
    });

    it("reverts given an oracle without code", async () => {
      const { registry, admin, stranger } = await loadFixture(deployRegistry);

      await expect(registry.connect(admin).setPolicy({ ...openPolicy, sanctionsOracle: stranger.address }))
        .to.be.revertedWithCustomError(registry, "InvalidSanctionsOracle")
        .withArgs(stranger.address);
    });
  });
});
