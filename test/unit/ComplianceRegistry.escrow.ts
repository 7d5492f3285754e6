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
  loadFixture,
  networkHelpers,
  openPolicy,
  signAttestation,
  strictPolicy,
} from "./fixtures/registry.js";

describe("ComplianceRegistry and its escrow", () => {
  itFollows("ComplianceRegistry.tree");

  describe("setEscrow", () => {
    for (const caller of ["stranger", "officer", "attester", "policyAdmin"] as const) {
      it(`reverts when called by the ${caller}`, async () => {
        const fixture = await loadFixture(deployUnconnected);
        const { registry, escrow } = fixture;

        await expect(registry.connect(fixture[caller]).setEscrow(escrow)).to.be.revertedWithCustomError(
          registry,
          "AccessManagedUnauthorized",
        );
      });
    }

    it("names the escrow and says so", async () => {
      const { registry, escrow, admin } = await loadFixture(deployUnconnected);

      await expect(registry.connect(admin).setEscrow(escrow))
        .to.emit(registry, "EscrowSet")
        .withArgs(await escrow.getAddress(), admin.address);
      expect(await registry.escrow()).to.equal(await escrow.getAddress());
    });

    it("reverts the second time, whatever it is given", async () => {
      const { registry, escrow, stranger } = await loadFixture(deployRegistry);

      for (const again of [escrow, stranger]) {
        await expect(registry.setEscrow(again))
          .to.be.revertedWithCustomError(registry, "EscrowAlreadySet")
          .withArgs(await escrow.getAddress());
      }
    });

    it("reverts given an account without code", async () => {
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

    it("reverts given an escrow that names another registry", async () => {
      const { registry } = await loadFixture(deployUnconnected);
      const { escrow: another } = await deployUnconnected();

      await expect(registry.setEscrow(another))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(await another.getAddress());
    });

    it("reverts given an escrow under another authority", async () => {
      const { registry, escrowImplementation, admin } = await loadFixture(deployUnconnected);
      const another = await ethers.deployContract("AccessManager", [admin.address]);
      const escrow = await deployProxy(escrowImplementation, admin, another);

      await expect(registry.setEscrow(escrow))
        .to.be.revertedWithCustomError(registry, "InvalidEscrow")
        .withArgs(escrow);
    });

    it("reverts given the escrow's implementation in place of its proxy", async () => {
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
      it(`reverts on ${name}`, async () => {
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

  for (const name of ["storeRecord", "storePolicy"] as const) {
    describe(name, () => {
      /** A call of it, as the registry would make it. */
      async function withCall() {
        const fixture = await deployRegistry();
        const { escrow, buyer } = fixture;
        const { standing, riskScore, tier, jurisdiction, expiry } = clearedRecord;
        const record = { standing, riskScore, tier, jurisdiction, expiry, revision: 1n };
        const policy = { ...strictPolicy, sanctionsOracle: ethers.ZeroAddress };
        const calls = {
          storeRecord: escrow.interface.encodeFunctionData("storeRecord", [buyer.address, record]),
          storePolicy: escrow.interface.encodeFunctionData("storePolicy", [policy]),
        };
        const stored = {
          storeRecord: async () => expect(await escrow.recordOf(buyer)).to.deep.equal(Object.values(record)),
          storePolicy: async () => expect(await escrow.policy()).to.deep.equal(Object.values(policy)),
        };
        return {
          ...fixture,
          call: { to: await escrow.getAddress(), data: calls[name] },
          expectStored: stored[name],
        };
      }

      it("obeys the registry", async () => {
        const { registry, call, expectStored } = await loadFixture(withCall);
        const asRegistry = await ethers.getImpersonatedSigner(await registry.getAddress());
        await networkHelpers.setBalance(asRegistry.address, 10n ** 18n);

        await asRegistry.sendTransaction(call);
        await expectStored();
      });

      for (const caller of ["stranger", "officer", "admin"] as const) {
        it(`reverts when called by the ${caller}`, async () => {
          const fixture = await loadFixture(withCall);
          const { escrow, call } = fixture;

          await expect(fixture[caller].sendTransaction(call))
            .to.be.revertedWithCustomError(escrow, "UnauthorizedCaller")
            .withArgs(fixture[caller].address);
        });
      }

      it("reverts when the AccessManager executes it", async () => {
        const { escrow, manager, admin, call } = await loadFixture(withCall);

        await expect(manager.connect(admin).execute(escrow, call.data))
          .to.be.revertedWithCustomError(escrow, "UnauthorizedCaller")
          .withArgs(await manager.getAddress());
      });

      it("reverts inside the escrow's own multicall", async () => {
        const { escrow, stranger, call } = await loadFixture(withCall);

        await expect(escrow.connect(stranger).multicall([call.data]))
          .to.be.revertedWithCustomError(escrow, "UnauthorizedCaller")
          .withArgs(stranger.address);
      });
    });
  }

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
});
