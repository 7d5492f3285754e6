import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  ListMode,
  Reason,
  Standing,
  attestationOf,
  blockedRecord,
  clearedRecord,
  deployProxy,
  deployRegistry,
  deployUnconnected,
  ethers,
  expectOnly,
  loadFixture,
  openPolicy,
  signAttestation,
  strictPolicy,
} from "./fixtures/registry.js";

describe("ComplianceRegistry and its escrow", () => {
  itFollows("ComplianceRegistry.tree");

  describe("setEscrow", () => {
    it("reverts with AccessManagedUnauthorized for everybody but the admin", async () => {
      const fixture = await loadFixture(deployUnconnected);
      const { registry, escrow } = fixture;

      await expectOnly(fixture, ["admin"], (by) => registry.connect(by).setEscrow(escrow));
    });

    it("names the escrow and says so", async () => {
      const { registry, escrow, admin } = await loadFixture(deployUnconnected);

      await expect(registry.connect(admin).setEscrow(escrow))
        .to.emit(registry, "EscrowSet")
        .withArgs(await escrow.getAddress(), admin.address);
      expect(await registry.escrow()).to.equal(await escrow.getAddress());
    });

    it("reverts with EscrowAlreadySet the second time, whatever it is given", async () => {
      const { registry, escrow, stranger } = await loadFixture(deployRegistry);

      for (const again of [escrow, stranger]) {
        await expect(registry.setEscrow(again))
          .to.be.revertedWithCustomError(registry, "EscrowAlreadySet")
          .withArgs(await escrow.getAddress());
      }
    });

    it("reverts with InvalidEscrow given an account without code", async () => {
      const { registry, stranger } = await loadFixture(deployUnconnected);

      await expect(registry.setEscrow(stranger))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(stranger.address);
    });

    it("reverts given a contract that is no escrow", async () => {
      const { registry, oracle } = await loadFixture(deployUnconnected);

      await expect(registry.setEscrow(oracle)).to.be.revertedWithoutReason(ethers);
      expect(await registry.escrow()).to.equal(ethers.ZeroAddress);
    });

    it("reverts with InvalidEscrow given an escrow that names another registry", async () => {
      const { registry } = await loadFixture(deployUnconnected);
      const { escrow: another } = await deployUnconnected();

      await expect(registry.setEscrow(another))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(await another.getAddress());
    });

    it("reverts with InvalidEscrow given an escrow under another authority", async () => {
      const { registry, escrowImplementation, admin } = await loadFixture(deployUnconnected);
      const another = await ethers.deployContract("AccessManager", [admin.address]);
      const escrow = await deployProxy(escrowImplementation, admin, another);

      await expect(registry.setEscrow(escrow))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(escrow);
    });

    it("reverts with InvalidEscrow given the escrow's implementation in place of its proxy", async () => {
      const { registry, escrowImplementation } = await loadFixture(deployUnconnected);

      await expect(registry.setEscrow(escrowImplementation))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(await escrowImplementation.getAddress());
    });
  });

  describe("before the escrow is set", () => {
    for (const name of [
      "setRecords",
      "submitAttestation",
      "setPolicy",
      "check",
      "screen",
      "isCompliant",
      "recordOf",
      "policy",
    ] as const) {
      describe(name, () => {
        it("reverts with EscrowNotSet", async () => {
          const { registry, admin, officer, attester, buyer, seller } = await loadFixture(deployUnconnected);
          const attestation = attestationOf(buyer.address);
          const signature = await signAttestation(registry, attester, attestation);
          const calls = {
            setRecords: () => registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord }]),
            submitAttestation: () => registry.submitAttestation(attestation, attester, signature),
            setPolicy: () => registry.connect(admin).setPolicy(openPolicy),
            check: () => registry.check(buyer, seller, ethers.ZeroAddress, 1n),
            screen: () => registry.screen(buyer),
            isCompliant: () => registry.isCompliant(buyer),
            recordOf: () => registry.recordOf(buyer),
            policy: () => registry.policy(),
          };

          await expect(calls[name]()).to.be.revertedWithCustomError(registry, "EscrowNotSet");
        });
      });
    }

    it("tells no escrow, and passes its self-test", async () => {
      const { registry } = await loadFixture(deployUnconnected);

      expect(await registry.escrow()).to.equal(ethers.ZeroAddress);
      expect(await registry.selfTest()).to.equal(registry.selfTest.fragment.selector);
    });

    it("leaves the escrow with an empty deny-list that is enforced, and a self-test that passes", async () => {
      const { escrow, buyer } = await loadFixture(deployUnconnected);

      expect(await escrow.policy()).to.deep.equal([true, ListMode.Deny, 0n, ethers.ZeroAddress]);
      expect(await escrow.screen(buyer)).to.deep.equal([Reason.None, true]);
      expect(await escrow.selfTest()).to.equal(escrow.selfTest.fragment.selector);
    });
  });

  describe("what they answer", () => {
    it("is the same given nothing but the first policy", async () => {
      const { registry, escrow, buyer } = await loadFixture(deployRegistry);

      expect(await registry.screen(buyer)).to.deep.equal(await escrow.screen(buyer));
      expect(await registry.recordOf(buyer)).to.deep.equal(await escrow.recordOf(buyer));
      expect(await registry.policy()).to.deep.equal(await escrow.policy());
    });

    it("is the same, and what was written, after every kind of write", async () => {
      const { registry, escrow, admin, officer, attester, oracle, buyer, seller } =
        await loadFixture(deployRegistry);
      const policy = { ...strictPolicy, sanctionsOracle: await oracle.getAddress() };
      await registry.connect(admin).setPolicy(policy);
      await registry.connect(officer).setRecords([{ account: seller, ...blockedRecord }]);
      const attestation = attestationOf(buyer.address);
      const signature = await signAttestation(registry, attester, attestation);
      await escrow.submitAttestation(attestation, attester, signature);

      for (const told of [registry, escrow]) {
        expect(await told.policy()).to.deep.equal(Object.values(policy));
        expect((await told.recordOf(seller)).standing).to.equal(Standing.Blocked);
        expect((await told.recordOf(buyer)).standing).to.equal(Standing.Cleared);
        expect(await told.screen(seller)).to.deep.equal([Reason.Blocked, false]);
        expect(await told.screen(buyer)).to.deep.equal([Reason.None, false]);
      }
    });
  });

  describe("escrow", () => {
    it("is zero before it is set, and that one for good", async () => {
      const { registry, escrow } = await loadFixture(deployUnconnected);
      expect(await registry.escrow()).to.equal(ethers.ZeroAddress);
      await registry.setEscrow(escrow);
      expect(await registry.escrow()).to.equal(escrow);
    });
  });

  describe("recordOf", () => {
    it("is all zero for who has none", async () => {
      const { registry, stranger } = await loadFixture(deployRegistry);
      expect(await registry.recordOf(stranger)).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n]);
    });
  });

  describe("attestationHashOf", () => {
    it("is zero for who has no record, and of the present record otherwise", async () => {
      const { registry, officer, buyer } = await loadFixture(deployRegistry);
      expect(await registry.attestationHashOf(buyer)).to.equal(ethers.ZeroHash);
      for (const attestationHash of [ethers.id("first"), ethers.id("second"), ethers.ZeroHash]) {
        await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord, attestationHash }]);
        expect(await registry.attestationHashOf(buyer)).to.equal(attestationHash);
      }
    });
  });

  describe("policy", () => {
    it("is the escrow's", async () => {
      const { registry, escrow } = await loadFixture(deployRegistry);
      expect((await registry.policy()).maxRiskScore).to.equal(openPolicy.maxRiskScore);
      expect(await registry.policy()).to.deep.equal(await escrow.policy());
    });
  });
});
