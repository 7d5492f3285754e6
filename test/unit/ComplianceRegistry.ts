import { expect } from "chai";
import { hashTypedData } from "viem";

import { itFollows } from "../specs/outline.js";
import {
  ListMode,
  Standing,
  attestationOf,
  attestationTypes,
  blockedRecord,
  clearedRecord,
  deployEscrowImplementation,
  deployRegistry,
  deployUnconnected,
  domainOf,
  ethers,
  expectOnly,
  loadFixture,
  networkHelpers,
  noRecord,
  openPolicy,
  POLICY_DELAY,
  setImplementation,
  time,
  viemTypedData,
} from "./fixtures/registry.js";
import { LIST_MODE_OFFSET, controlsSlot } from "./fixtures/slots.js";

describe("ComplianceRegistry", () => {
  itFollows("ComplianceRegistry.tree");

  describe("initialize", () => {
    it("sets the authority", async () => {
      const { registry, manager } = await loadFixture(deployRegistry);

      expect(await registry.authority()).to.equal(await manager.getAddress());
    });

    it("reverts with InvalidInitialization on the implementation", async () => {
      const { implementation, manager } = await loadFixture(deployRegistry);

      await expect(implementation.initialize(manager)).to.be.revertedWithCustomError(
        implementation,
        "InvalidInitialization",
      );
    });

    it("reverts with InvalidInitialization the second time", async () => {
      const { registry, manager, admin } = await loadFixture(deployRegistry);

      await expect(registry.connect(admin).initialize(manager)).to.be.revertedWithCustomError(
        registry,
        "InvalidInitialization",
      );
    });

    it("reverts with AccessManagedInvalidAuthority given an authority without code", async () => {
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

    it("reverts with AccessManagedInvalidAuthority given a storage that was never initialised", async () => {
      const { implementation } = await loadFixture(deployRegistry);

      await expect(implementation.selfTest())
        .to.be.revertedWithCustomError(implementation, "AccessManagedInvalidAuthority")
        .withArgs(ethers.ZeroAddress);
    });

    it("reverts with AccessManagedInvalidAuthority given an authority whose code is gone", async () => {
      const { registry, manager } = await loadFixture(deployRegistry);
      await networkHelpers.setCode(await manager.getAddress(), "0x");

      await expect(registry.selfTest())
        .to.be.revertedWithCustomError(registry, "AccessManagedInvalidAuthority")
        .withArgs(await manager.getAddress());
    });

    it("panics given a stored policy with an unknown list mode", async () => {
      const { registry, escrow } = await loadFixture(deployRegistry);
      await networkHelpers.setStorageAt(await escrow.getAddress(), controlsSlot, 2n << LIST_MODE_OFFSET);

      await expect(registry.selfTest()).to.be.revertedWithPanic(0x21);
    });

    it("reverts with InvalidEscrow given an escrow whose code names another registry by now", async () => {
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
    it("reverts with AccessManagedUnauthorized for everybody but the officer", async () => {
      const fixture = await loadFixture(deployRegistry);
      const { registry, buyer } = fixture;

      await expectOnly(fixture, ["officer"], (by) =>
        registry.connect(by).setRecords([{ account: buyer, ...clearedRecord }]),
      );
    });

    it("writes nothing given no updates", async () => {
      const { registry, officer } = await loadFixture(deployRegistry);

      await expect(registry.connect(officer).setRecords([])).not.to.emit(registry, "RecordSet");
    });

    it("stores the largest values there are", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const [riskScore, tier, jurisdiction, expiry] = [255n, 255n, 65_535n, 2n ** 64n - 1n] as const;
      const largest = { riskScore, tier, jurisdiction, expiry, attestationHash: `0x${"ff".repeat(32)}` };
      await registry
        .connect(officer)
        .setRecords([{ account: buyer, standing: Standing.Blocked, ...largest }]);

      expect(await registry.recordOf(buyer)).to.deep.equal([
        Standing.Blocked,
        riskScore,
        tier,
        jurisdiction,
        expiry,
        1n,
      ]);
      expect(await registry.attestationHashOf(buyer)).to.equal(largest.attestationHash);
    });

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

    it("writes nothing of a batch of which one update is bad, and reverts with its error", async () => {
      const { registry, officer, buyer, seller } = await loadFixture(deployRegistry);

      await expect(
        registry.connect(officer).setRecords([
          { account: buyer, ...clearedRecord },
          { account: seller, ...noRecord, tier: 1 },
        ]),
      ).to.be.revertedWithCustomError(registry, "UnlistedWithData");
      expect((await registry.recordOf(buyer)).revision).to.equal(0n);
    });

    it("reverts with InvalidAccount given the zero address", async () => {
      const { registry, officer } = await loadFixture(deployRegistry);

      await expect(
        registry.connect(officer).setRecords([{ account: ethers.ZeroAddress, ...clearedRecord }]),
      ).to.be.revertedWithCustomError(registry, "InvalidAccount");
    });

    it("reverts with ExpiryInPast given a clearing that is over in this very second", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const expiry = BigInt(await time.latest()) + 100n;
      await time.setNextBlockTimestamp(expiry);

      await expect(registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, expiry }]))
        .to.be.revertedWithCustomError(registry, "ExpiryInPast")
        .withArgs(expiry, expiry);
    });

    it("reverts with ExpiryInPast given a clearing that was over a second ago", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      const expiry = BigInt(await time.latest()) + 100n;
      await time.setNextBlockTimestamp(expiry + 1n);

      await expect(registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, expiry }]))
        .to.be.revertedWithCustomError(registry, "ExpiryInPast")
        .withArgs(expiry, expiry + 1n);
    });

    it("accepts a clearing without end", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, expiry: 0n }]);

      expect((await registry.recordOf(buyer)).standing).to.equal(Standing.Cleared);
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
      it(`reverts with UnlistedWithData given an unlisted account with a leftover ${field}`, async () => {
        const { registry, officer, buyer } = await loadFixture(deployRegistry);
        const update = { account: buyer, ...noRecord, [field]: clearedRecord[field] };

        await expect(registry.connect(officer).setRecords([update]))
          .to.be.revertedWithCustomError(registry, "UnlistedWithData")
          .withArgs(buyer.address);
      });
    }
  });

  describe("setPolicy", () => {
    it("reverts with AccessManagedUnauthorized for everybody but its admins", async () => {
      const fixture = await loadFixture(deployRegistry);
      const { registry } = fixture;

      await expectOnly(fixture, ["admin", "policyAdmin"], (by) => registry.connect(by).setPolicy(openPolicy));
    });

    it("reverts with AccessManagerNotScheduled when a delayed admin has not waited", async () => {
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

    for (const maxRiskScore of [0, 255]) {
      it(`lets a score of ${maxRiskScore} pass, and none above it, given that as the highest`, async () => {
        const { registry, admin, officer, buyer } = await loadFixture(deployRegistry);
        await registry.connect(admin).setPolicy({ ...openPolicy, maxRiskScore });

        for (const riskScore of [maxRiskScore, maxRiskScore + 1].filter((score) => score < 256)) {
          await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, riskScore }]);
          expect(await registry.isCompliant(buyer)).to.equal(riskScore === maxRiskScore);
        }
      });
    }

    it("takes an oracle away again", async () => {
      const { registry, escrow, admin, oracle } = await loadFixture(deployRegistry);
      await registry.connect(admin).setPolicy({ ...openPolicy, sanctionsOracle: oracle });
      await registry.connect(admin).setPolicy(openPolicy);

      expect((await escrow.policy()).sanctionsOracle).to.equal(ethers.ZeroAddress);
    });

    it("reverts with InvalidSanctionsOracle given an oracle without code", async () => {
      const { registry, admin, stranger } = await loadFixture(deployRegistry);

      await expect(registry.connect(admin).setPolicy({ ...openPolicy, sanctionsOracle: stranger.address }))
        .to.be.revertedWithCustomError(registry, "InvalidSanctionsOracle")
        .withArgs(stranger.address);
    });
  });

  describe("hashAttestation", () => {
    it("is what ethers and viem hash", async () => {
      const { registry, buyer } = await loadFixture(deployRegistry);
      const attestation = attestationOf(buyer.address);
      const domain = await domainOf(registry);
      const digest = await registry.hashAttestation(attestation);

      expect(digest).to.equal(ethers.TypedDataEncoder.hash(domain, attestationTypes, attestation));
      expect(digest).to.equal(hashTypedData(viemTypedData(domain, attestation)));
    });
  });

  describe("eip712Domain", () => {
    it("tells the domain of every attestation (EIP-5267)", async () => {
      const { registry } = await loadFixture(deployRegistry);
      const { name, version, chainId, verifyingContract } = await domainOf(registry);

      const told = await registry.eip712Domain();
      expect(told).to.deep.equal(["0x0f", name, version, chainId, verifyingContract, ethers.ZeroHash, []]);
    });
  });
});
