import { expect } from "chai";
import type { TypedDataDomain } from "ethers";
import { privateKeyToAccount } from "viem/accounts";

import { itFollows } from "../specs/outline.js";
import {
  ATTESTER,
  ATTESTER_KEY,
  FAR_FUTURE,
  Standing,
  attestationOf,
  attestationTypes,
  blockedRecord,
  clearedRecord,
  deployRegistry,
  domainOf,
  ethers,
  loadFixture,
  noRecord,
  signAttestation,
  time,
  viemTypedData,
} from "./fixtures/registry.js";

/** A registry, and an attestation of the buyer that the attester signed. */
async function withAttestation() {
  const fixture = await deployRegistry();
  const { registry, attester, buyer } = fixture;
  const attestation = attestationOf(buyer.address);
  return { ...fixture, attestation, signature: await signAttestation(registry, attester, attestation) };
}

/** A contract that holds the ATTESTER role and whose owner is the stranger. */
async function withContractAttester() {
  const fixture = await withAttestation();
  const wallet = await ethers.deployContract("MockContractWallet", [fixture.stranger.address]);
  await fixture.manager.grantRole(ATTESTER, wallet, 0);
  return { ...fixture, wallet };
}

describe("ComplianceRegistry submitAttestation", () => {
  itFollows("ComplianceRegistry.tree");

  describe("when the attestation is good", () => {
    it("clears the account, whoever submits it, and names the attester", async () => {
      const { registry, attester, stranger, attestation, signature } = await loadFixture(withAttestation);
      const { account, riskScore, tier, jurisdiction, expiry, attestationHash } = attestation;

      await expect(registry.connect(stranger).submitAttestation(attestation, attester, signature))
        .to.emit(registry, "RecordSet")
        .withArgs(
          account,
          attester.address,
          Standing.Cleared,
          riskScore,
          tier,
          jurisdiction,
          expiry,
          1n,
          attestationHash,
        );
      expect(await registry.recordOf(account)).to.deep.equal([
        Standing.Cleared,
        riskScore,
        tier,
        jurisdiction,
        expiry,
        1n,
      ]);
      expect(await registry.attestationHashOf(account)).to.equal(attestationHash);
    });

    it("accepts what viem signed", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const account = privateKeyToAccount(ATTESTER_KEY);
      const signature = await account.signTypedData(viemTypedData(await domainOf(registry), attestation));

      await expect(registry.submitAttestation(attestation, attester, signature)).to.emit(
        registry,
        "RecordSet",
      );
    });

    it("accepts the last second of its validity", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const shortLived = { ...attestation, validUntil: BigInt(await time.latest()) + 100n };
      const signature = await signAttestation(registry, attester, shortLived);
      await time.setNextBlockTimestamp(shortLived.validUntil - 1n);

      await expect(registry.submitAttestation(shortLived, attester, signature)).to.emit(
        registry,
        "RecordSet",
      );
    });

    it("replaces the revision that it names", async () => {
      const { registry, officer, attester, buyer, attestation } = await loadFixture(withAttestation);
      await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord }]);
      const next = { ...attestation, revision: 1n };
      await registry.submitAttestation(next, attester, await signAttestation(registry, attester, next));

      const { revision, riskScore } = await registry.recordOf(buyer);
      expect([revision, riskScore]).to.deep.equal([2n, BigInt(attestation.riskScore)]);
    });
  });

  describe("when the attester is a contract", () => {
    it("accepts what its owner signed, and names the contract", async () => {
      const { registry, wallet, stranger, attestation } = await loadFixture(withContractAttester);
      const signature = await signAttestation(registry, stranger, attestation);

      await registry.submitAttestation(attestation, wallet, signature);
      const [event] = await registry.queryFilter(registry.filters.RecordSet(attestation.account));
      expect(event!.args.by).to.equal(await wallet.getAddress());
    });

    it("reverts with InvalidAttester given somebody else's signature", async () => {
      const { registry, wallet, attestation, signature } = await loadFixture(withContractAttester);

      await expect(registry.submitAttestation(attestation, wallet, signature))
        .to.be.revertedWithCustomError(registry, "InvalidAttester")
        .withArgs(await wallet.getAddress());
    });

    it("reverts with InvalidAttester given a contract without the role", async () => {
      const { registry, manager, wallet, stranger, attestation } = await loadFixture(withContractAttester);
      const signature = await signAttestation(registry, stranger, attestation);
      await manager.revokeRole(ATTESTER, wallet);

      await expect(registry.submitAttestation(attestation, wallet, signature)).to.be.revertedWithCustomError(
        registry,
        "InvalidAttester",
      );
    });
  });

  describe("when the attester lacks the role", () => {
    it("reverts with InvalidAttester given one who never had it", async () => {
      const { registry, officer, attestation } = await loadFixture(withAttestation);
      const signature = await signAttestation(registry, officer, attestation);

      await expect(registry.submitAttestation(attestation, officer, signature))
        .to.be.revertedWithCustomError(registry, "InvalidAttester")
        .withArgs(officer.address);
    });

    it("reverts with InvalidAttester given one whose role was revoked after signing", async () => {
      const { registry, manager, attester, attestation, signature } = await loadFixture(withAttestation);
      await manager.revokeRole(ATTESTER, attester);

      await expect(
        registry.submitAttestation(attestation, attester, signature),
      ).to.be.revertedWithCustomError(registry, "InvalidAttester");
    });

    it("reverts with InvalidAttester given one who has it with a delay", async () => {
      const { registry, manager, stranger, attestation } = await loadFixture(withAttestation);
      await manager.grantRole(ATTESTER, stranger, 60);
      const signature = await signAttestation(registry, stranger, attestation);

      await expect(
        registry.submitAttestation(attestation, stranger, signature),
      ).to.be.revertedWithCustomError(registry, "InvalidAttester");
    });

    it("reverts with InvalidAttester while the AccessManager has closed the registry", async () => {
      const { registry, manager, attester, attestation, signature } = await loadFixture(withAttestation);
      await manager.setTargetClosed(registry, true);

      await expect(
        registry.submitAttestation(attestation, attester, signature),
      ).to.be.revertedWithCustomError(registry, "InvalidAttester");
    });
  });

  describe("when the signature is not for this", () => {
    const otherFields = {
      account: ethers.getAddress("0x00000000000000000000000000000000000000aa"),
      riskScore: 8,
      tier: 4,
      jurisdiction: 277,
      expiry: FAR_FUTURE + 1n,
      attestationHash: ethers.id("another passport"),
      revision: 1n,
      validUntil: FAR_FUTURE,
    };
    for (const [field, value] of Object.entries(otherFields)) {
      it(`reverts with InvalidAttester given one over another ${field}`, async () => {
        const { registry, attester, attestation } = await loadFixture(withAttestation);
        const signature = await signAttestation(registry, attester, { ...attestation, [field]: value });

        await expect(registry.submitAttestation(attestation, attester, signature))
          .to.be.revertedWithCustomError(registry, "InvalidAttester")
          .withArgs(attester.address);
      });
    }

    const otherDomains: Record<string, TypedDataDomain> = {
      name: { name: "Holdfast Escrow" },
      version: { version: "2" },
      chain: { chainId: 1n },
      contract: { verifyingContract: otherFields.account },
    };
    for (const [part, change] of Object.entries(otherDomains)) {
      it(`reverts with InvalidAttester given one under another ${part}`, async () => {
        const { registry, attester, attestation } = await loadFixture(withAttestation);
        const domain = { ...(await domainOf(registry)), ...change };
        const signature = await attester.signTypedData(domain, attestationTypes, attestation);

        await expect(
          registry.submitAttestation(attestation, attester, signature),
        ).to.be.revertedWithCustomError(registry, "InvalidAttester");
      });
    }

    it("reverts with InvalidAttester given none", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);

      await expect(registry.submitAttestation(attestation, attester, "0x")).to.be.revertedWithCustomError(
        registry,
        "InvalidAttester",
      );
    });
  });

  describe("when the record or the time does not allow it", () => {
    it("reverts with AttestationExpired in the second it is valid until", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const validUntil = BigInt(await time.latest()) + 100n;
      const shortLived = { ...attestation, validUntil };
      const signature = await signAttestation(registry, attester, shortLived);
      await time.setNextBlockTimestamp(validUntil);

      await expect(registry.submitAttestation(shortLived, attester, signature))
        .to.be.revertedWithCustomError(registry, "AttestationExpired")
        .withArgs(validUntil, validUntil);
    });

    it("reverts with AttestationStale when it is submitted twice", async () => {
      const { registry, attester, attestation, signature } = await loadFixture(withAttestation);
      await registry.submitAttestation(attestation, attester, signature);

      await expect(registry.submitAttestation(attestation, attester, signature))
        .to.be.revertedWithCustomError(registry, "AttestationStale")
        .withArgs(attestation.account, 0n, 1n);
    });

    it("reverts with AttestationStale when an officer wrote the record since", async () => {
      const { registry, officer, attester, attestation, signature } = await loadFixture(withAttestation);
      await registry.connect(officer).setRecords([{ account: attestation.account, ...clearedRecord }]);

      await expect(
        registry.submitAttestation(attestation, attester, signature),
      ).to.be.revertedWithCustomError(registry, "AttestationStale");
    });

    it("reverts with AttestationStale given a revision that is yet to come", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const early = { ...attestation, revision: 1n };
      const signature = await signAttestation(registry, attester, early);

      await expect(registry.submitAttestation(early, attester, signature))
        .to.be.revertedWithCustomError(registry, "AttestationStale")
        .withArgs(attestation.account, 1n, 0n);
    });

    it("reverts with AccountBlocked given a blocked account, even for its present revision", async () => {
      const { registry, officer, attester, attestation } = await loadFixture(withAttestation);
      await registry.connect(officer).setRecords([{ account: attestation.account, ...blockedRecord }]);
      const next = { ...attestation, revision: 1n };
      const signature = await signAttestation(registry, attester, next);

      await expect(registry.submitAttestation(next, attester, signature))
        .to.be.revertedWithCustomError(registry, "AccountBlocked")
        .withArgs(attestation.account);
    });

    it("reverts with ExpiryInPast given a clearing that is over in this very second", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const expiry = BigInt(await time.latest()) + 100n;
      const over = { ...attestation, expiry };
      const signature = await signAttestation(registry, attester, over);
      await time.setNextBlockTimestamp(expiry);

      await expect(registry.submitAttestation(over, attester, signature))
        .to.be.revertedWithCustomError(registry, "ExpiryInPast")
        .withArgs(expiry, expiry);
    });

    it("accepts a clearing that is over in the next second", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const expiry = BigInt(await time.latest()) + 100n;
      const short = { ...attestation, expiry };
      const signature = await signAttestation(registry, attester, short);
      await time.setNextBlockTimestamp(expiry - 1n);

      await registry.submitAttestation(short, attester, signature);
      expect((await registry.recordOf(attestation.account)).expiry).to.equal(expiry);
    });

    it("accepts a clearing without end", async () => {
      const { registry, attester, attestation } = await loadFixture(withAttestation);
      const endless = { ...attestation, expiry: 0n };
      const signature = await signAttestation(registry, attester, endless);

      await registry.submitAttestation(endless, attester, signature);
      expect((await registry.recordOf(attestation.account)).standing).to.equal(Standing.Cleared);
    });

    it("accepts an account that an officer took off the list again", async () => {
      const { registry, officer, attester, attestation } = await loadFixture(withAttestation);
      await registry.connect(officer).setRecords([{ account: attestation.account, ...blockedRecord }]);
      await registry.connect(officer).setRecords([{ account: attestation.account, ...noRecord }]);
      const next = { ...attestation, revision: 2n };
      const signature = await signAttestation(registry, attester, next);

      await registry.submitAttestation(next, attester, signature);
      expect((await registry.recordOf(attestation.account)).standing).to.equal(Standing.Cleared);
    });

    it("reverts with InvalidAccount given the zero address", async () => {
      const { registry, attester } = await loadFixture(withAttestation);
      const nobody = attestationOf(ethers.ZeroAddress);
      const signature = await signAttestation(registry, attester, nobody);

      await expect(registry.submitAttestation(nobody, attester, signature)).to.be.revertedWithCustomError(
        registry,
        "InvalidAccount",
      );
    });
  });
});
