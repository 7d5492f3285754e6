import { expect } from "chai";

import { ATTESTATION, domainOf, sign } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  NOBODY,
  Reason,
  Standing,
  Status,
  allowList,
  block,
  clear,
  deployEscrow,
  denyList,
  ethers,
  expectOnly,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  loadFixture,
  networkHelpers,
  observing,
  termsOf,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

const ORACLE_MODES = { Reverts: 1, ReturnsNothing: 2, BurnsGas: 3, ReturnBomb: 4, LiesWithWord: 5 } as const;

/** The suite whose policy asks a sanctions oracle. */
async function withOracle() {
  const suite = await deployEscrow();
  const oracle = await ethers.deployContract("MockSanctionsOracle");
  await suite.registry.setPolicy({ ...denyList, sanctionsOracle: await oracle.getAddress() });
  return { suite, oracle };
}

/** An attestation that clears the buyer, signed by the attester. */
async function attest({ registry, attester, buyer, startedAt }: Suite) {
  const { revision } = await registry.recordOf(buyer);
  const attestation = {
    account: buyer.address,
    riskScore: 1n,
    tier: 2n,
    jurisdiction: 276n,
    expiry: 0n,
    attestationHash: ethers.id("passport"),
    revision,
    validUntil: startedAt + 3_600n,
  };
  const { serialized } = await sign(attester, await domainOf(registry), ATTESTATION, attestation);
  return [attestation, attester.address, serialized] as const;
}

/** No field of it is zero. */
const RECORD = {
  standing: Standing.Cleared as bigint,
  riskScore: 1n,
  tier: 2n,
  jurisdiction: 276n,
  expiry: 4_000_000_000n,
  revision: 5n,
};

/** Code that consumes all the gas that it is given. */
const INVALID_CODE = "0xfe";

/** The suite, and its escrow as the registry calls it. */
async function withRegistry() {
  const suite = await loadFixture(deployEscrow);
  const registry = await ethers.getImpersonatedSigner(await suite.registry.getAddress());
  await networkHelpers.setBalance(registry.address, ethers.parseEther("1"));
  return { suite, ...suite, asRegistry: suite.escrow.connect(registry) };
}

/** Asserts that nobody hides behind the escrow's own multicall, or behind the manager. */
async function expectNoCover(suite: Suite, data: string) {
  const { escrow, manager, admin } = suite;
  await expectRefusal(suite, escrow.connect(admin).multicall([data]), "UnauthorizedCaller", admin);
  await expectRefusal(
    suite,
    manager.connect(admin).execute(escrow, data),
    "UnauthorizedCaller",
    await manager.getAddress(),
  );
}

describe("Escrow screening", () => {
  itFollows("escrow/screening.tree");

  describe("at the deposit", () => {
    for (const who of ["buyer", "seller"] as const) {
      it(`reverts with NotCompliant given a blocked ${who}`, async () => {
        const suite = await loadFixture(deployEscrow);
        await block(suite, suite[who]);
        const call = suite.escrow.connect(suite.buyer).deposit(await termsOf(suite));
        await expectRefusal(suite, call, "NotCompliant", suite[who], Reason.Blocked);
      });
    }

    it("reverts with NotCompliant given a party that is not on the allow-list, if there is one", async () => {
      const suite = await loadFixture(deployEscrow);
      await suite.registry.setPolicy(allowList);
      await clear(suite, suite.buyer);
      const call = suite.escrow.connect(suite.buyer).deposit(await termsOf(suite));
      await expectRefusal(suite, call, "NotCompliant", suite.seller, Reason.NotListed);
    });

    it("only tells what it finds, if the policy observes", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, registry, buyer, seller } = suite;
      await registry.setPolicy(observing);
      await block(suite, seller);
      const payment = await termsOf(suite);
      await expect(escrow.connect(buyer).deposit(payment))
        .to.emit(escrow, "ScreeningObserved")
        .withArgs(await escrow.hashPayment(payment), seller, Reason.Blocked);
      await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
    });

    for (const [name, mode] of Object.entries(ORACLE_MODES)) {
      it(`reverts with NotCompliant given a sanctions oracle that ${name}`, async () => {
        const { suite, oracle } = await loadFixture(withOracle);
        await oracle.setMode(mode);
        const call = suite.escrow.connect(suite.buyer).deposit(await termsOf(suite));
        await expectRefusal(suite, call, "NotCompliant", suite.buyer, Reason.OracleUnavailable);
      });
    }
  });

  describe("at the payout", () => {
    for (const [name, mode] of Object.entries(ORACLE_MODES)) {
      it(`owes everybody, and reverts no exit, given a sanctions oracle that ${name}`, async () => {
        const { suite, oracle } = await loadFixture(withOracle);
        const { escrow, usdc, buyer, seller, feeRecipient } = suite;
        const { payment, paymentId } = await fund(suite);
        await oracle.setMode(mode);
        await expect(escrow.connect(buyer).release(payment, usd(1_000)))
          .to.emit(escrow, "PayoutCredited")
          .withArgs(paymentId, usdc, seller, usd(990), usd(990), Reason.OracleUnavailable)
          .to.emit(escrow, "PayoutCredited")
          .withArgs(paymentId, usdc, feeRecipient, usd(10), usd(10), Reason.OracleUnavailable);
        await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
        await expectTotals(suite, usdc, { held: 0n, credits: usd(1_000) });
      });
    }

    it("reverts a withdrawal with NotCompliant while the oracle is down, and pays when it is back", async () => {
      const { suite, oracle } = await loadFixture(withOracle);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment } = await fund(suite);
      await oracle.setMode(ORACLE_MODES.Reverts);
      await escrow.connect(buyer).release(payment, usd(1_000));
      const withdraw = () => escrow.withdrawCredit(usdc, seller, seller);
      await expectRefusal(suite, withdraw(), "NotCompliant", seller, Reason.OracleUnavailable);
      await oracle.setMode(0);
      await expect(withdraw()).to.changeTokenBalance(ethers, usdc, seller, usd(990));
    });

    it("freezes only the part of who is blocked", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite);
      await block(suite, feeRecipient);
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalances(
        ethers,
        usdc,
        [seller, feeRecipient],
        [usd(990), 0],
      );
      expect(await escrow.creditOf(usdc, feeRecipient)).to.equal(usd(10));
    });

    it("pays, and tells what it finds, if the policy observes", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, registry, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite);
      await registry.setPolicy(observing);
      await block(suite, seller);
      const release = escrow.connect(buyer).release(payment, usd(1_000));
      await expect(release).to.emit(escrow, "ScreeningObserved").withArgs(paymentId, seller, Reason.Blocked);
      await expect(release).to.changeTokenBalance(ethers, usdc, seller, usd(990));
    });

    it("freezes what goes to a sanctioned account", async () => {
      const { suite, oracle } = await loadFixture(withOracle);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite);
      await oracle.setSanctioned(seller, true);
      await expect(escrow.connect(buyer).release(payment, usd(1_000)))
        .to.emit(escrow, "PayoutCredited")
        .withArgs(paymentId, usdc, seller, usd(990), usd(990), Reason.Sanctioned);
    });

    it("does not need the registry, whose records the escrow keeps", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, registry, buyer, seller } = suite;
      await block(suite, seller);
      await networkHelpers.setCode(await registry.getAddress(), "0x");
      await expectRefusal(
        suite,
        escrow.connect(buyer).deposit(await termsOf(suite)),
        "NotCompliant",
        seller,
        Reason.Blocked,
      );
      const { payment } = await fund(suite, { seller: suite.stranger.address });
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalance(
        ethers,
        usdc,
        suite.stranger,
        usd(990),
      );
    });
  });

  describe("submitAttestation", () => {
    /** An allow-list that the seller is on, and an attestation of the buyer. */
    const withAttestation = async () => {
      const suite = await loadFixture(deployEscrow);
      await suite.registry.setPolicy(allowList);
      await clear(suite, suite.seller);
      const attestation = await attest(suite);
      const submit = suite.escrow.interface.encodeFunctionData("submitAttestation", [...attestation]);
      const deposit = suite.escrow.interface.encodeFunctionData("deposit", [await termsOf(suite)]);
      return { suite, ...suite, attestation, calls: [submit, deposit] };
    };

    it("clears the account at the registry, whoever brings it", async () => {
      const { escrow, registry, attester, buyer, stranger, attestation } = await withAttestation();
      await expect(escrow.connect(stranger).submitAttestation(...attestation))
        .to.emit(registry, "RecordSet")
        .withArgs(buyer, attester, Standing.Cleared, 1, 2, 276, 0, 1, ethers.id("passport"));
      expect((await escrow.recordOf(buyer)).standing).to.equal(Standing.Cleared);
    });

    it("lets the buyer deposit in the same call", async () => {
      const { suite, escrow, buyer, usdc, calls } = await withAttestation();
      await escrow.connect(buyer).multicall(calls);
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("lets the buyer deposit given one that somebody front-ran", async () => {
      const { suite, escrow, registry, buyer, stranger, usdc, attestation, calls } = await withAttestation();
      await registry.connect(stranger).submitAttestation(...attestation);
      await escrow.connect(buyer).multicall(calls);
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("ignores one that the registry refuses, so that the deposit after it is refused", async () => {
      const { suite, escrow, buyer, stranger, attestation, calls } = await withAttestation();
      const [signed, attester, signature] = attestation;
      const forged = { ...signed, account: stranger.address };
      await escrow.submitAttestation(forged, attester, signature);
      expect((await escrow.recordOf(stranger)).standing).to.equal(Standing.Unlisted);
      const call = escrow.connect(buyer).multicall([calls[1]!]);
      await expectRefusal(suite, call, "NotCompliant", buyer, Reason.NotListed);
    });

    it("ignores a registry that is broken", async () => {
      const { escrow, registry, attestation } = await withAttestation();
      await networkHelpers.setCode(await registry.getAddress(), INVALID_CODE);
      await escrow.submitAttestation(...attestation);
    });
  });

  describe("storeRecord", () => {
    it("replaces the whole record", async () => {
      const { escrow, asRegistry, buyer } = await withRegistry();
      await asRegistry.storeRecord(buyer, RECORD);
      expect([...(await escrow.recordOf(buyer))]).to.deep.equal(Object.values(RECORD));
      const none = { standing: 0n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n, revision: 0n };
      await asRegistry.storeRecord(buyer, none);
      expect([...(await escrow.recordOf(buyer))]).to.deep.equal(Object.values(none));
    });

    it("reverts with UnauthorizedCaller for everybody but the registry", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectOnly(suite, [], "UnauthorizedCaller", (by) =>
        suite.escrow.connect(by).storeRecord(suite.buyer, RECORD),
      );
    });

    it("reverts with UnauthorizedCaller in a multicall and through the AccessManager", async () => {
      const suite = await loadFixture(deployEscrow);
      const data = suite.escrow.interface.encodeFunctionData("storeRecord", [suite.buyer.address, RECORD]);
      await expectNoCover(suite, data);
    });
  });

  describe("storePolicy", () => {
    it("replaces the whole policy", async () => {
      const { suite, escrow, asRegistry } = await withRegistry();
      const policies = [
        { enforced: false, listMode: 1n, maxRiskScore: 255n, sanctionsOracle: suite.stranger.address },
        { enforced: true, listMode: 0n, maxRiskScore: 0n, sanctionsOracle: NOBODY },
      ];
      for (const policy of policies) {
        await asRegistry.storePolicy(policy);
        expect([...(await escrow.policy())]).to.deep.equal(Object.values(policy));
      }
    });

    it("reverts with UnauthorizedCaller for everybody but the registry", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectOnly(suite, [], "UnauthorizedCaller", (by) =>
        suite.escrow.connect(by).storePolicy(observing),
      );
    });

    it("reverts with UnauthorizedCaller in a multicall and through the AccessManager", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectNoCover(suite, suite.escrow.interface.encodeFunctionData("storePolicy", [observing]));
    });
  });

  describe("recordOf", () => {
    it("is all zero for who has none", async () => {
      const { escrow, stranger } = await loadFixture(deployEscrow);
      expect([...(await escrow.recordOf(stranger))]).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n]);
    });

    it("is what the officer wrote, and how often", async () => {
      const suite = await loadFixture(deployEscrow);
      await block(suite, suite.seller);
      await clear(suite, suite.seller);
      const { standing, tier, jurisdiction, revision } = await suite.escrow.recordOf(suite.seller);
      expect([standing, tier, jurisdiction, revision]).to.deep.equal([Standing.Cleared, 1n, 276n, 2n]);
    });
  });

  describe("policy", () => {
    it("is what the registry wrote", async () => {
      const { escrow, registry } = await loadFixture(deployEscrow);
      await registry.setPolicy(allowList);
      expect([...(await escrow.policy())]).to.deep.equal(Object.values(allowList));
    });
  });

  describe("screen", () => {
    /** What is written before, and what is found under a deny-list and under an allow-list. */
    const situations: [string, Partial<typeof RECORD> | undefined, bigint, bigint][] = [
      ["no record", undefined, Reason.None, Reason.NotListed],
      ["a record that was taken back", { standing: Standing.Unlisted }, Reason.None, Reason.NotListed],
      ["a block", { standing: Standing.Blocked }, Reason.Blocked, Reason.Blocked],
      ["a clearing without end", {}, Reason.None, Reason.None],
      ["a clearing that ended", { expiry: 1n }, Reason.None, Reason.Expired],
      ["the highest score that passes", { riskScore: 50n }, Reason.None, Reason.None],
      ["a score above it", { riskScore: 51n }, Reason.RiskTooHigh, Reason.RiskTooHigh],
      ["the highest score there is", { riskScore: 255n }, Reason.RiskTooHigh, Reason.RiskTooHigh],
    ];
    for (const [given, record, ...findings] of situations) {
      it(`finds what the rules say given ${given}`, async () => {
        const { suite, escrow, asRegistry, buyer } = await withRegistry();
        if (record !== undefined) {
          await asRegistry.storeRecord(buyer, { ...RECORD, riskScore: 0n, expiry: 0n, ...record });
        }
        for (const [listMode, finding] of findings.entries()) {
          for (const enforced of [true, false]) {
            await suite.registry.setPolicy({ ...denyList, listMode, enforced });
            expect(await escrow.screen(buyer)).to.deep.equal([finding, enforced]);
          }
        }
      });
    }

    it("finds a clearing over in the second it ends in, not before", async () => {
      const { suite, escrow, asRegistry, buyer } = await withRegistry();
      await suite.registry.setPolicy(allowList);
      const expiry = suite.startedAt + 3_600n;
      await asRegistry.storeRecord(buyer, { ...RECORD, riskScore: 0n, expiry });
      await time.increaseTo(expiry - 1n);
      expect((await escrow.screen(buyer)).reason).to.equal(Reason.None);
      await time.increaseTo(expiry);
      expect((await escrow.screen(buyer)).reason).to.equal(Reason.Expired);
    });

    it("asks the sanctions oracle, if the policy names one", async () => {
      const { suite, oracle } = await loadFixture(withOracle);
      await oracle.setSanctioned(suite.buyer, true);
      expect((await suite.escrow.screen(suite.buyer)).reason).to.equal(Reason.Sanctioned);
      expect((await suite.escrow.screen(suite.seller)).reason).to.equal(Reason.None);
    });

    for (const [name, mode] of Object.entries(ORACLE_MODES)) {
      it(`finds OracleUnavailable given one that ${name}`, async () => {
        const { suite, oracle } = await loadFixture(withOracle);
        await oracle.setMode(mode);
        expect((await suite.escrow.screen(suite.buyer)).reason).to.equal(Reason.OracleUnavailable);
      });
    }
  });
});
