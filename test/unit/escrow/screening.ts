import { expect } from "chai";

import { ATTESTATION, domainOf, sign } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  Reason,
  Status,
  allowList,
  block,
  clear,
  deployEscrow,
  denyList,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  loadFixture,
  networkHelpers,
  observing,
  termsOf,
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

describe("Escrow screening", () => {
  itFollows("escrow/screening.tree");

  describe("at the deposit", () => {
    for (const who of ["buyer", "seller"] as const) {
      it(`reverts given a blocked ${who}`, async () => {
        const suite = await loadFixture(deployEscrow);
        await block(suite, suite[who]);
        const call = suite.escrow.connect(suite.buyer).deposit(await termsOf(suite));
        await expectRefusal(suite, call, "NotCompliant", suite[who], Reason.Blocked);
      });
    }

    it("reverts given a party that is not on the allow-list, if there is one", async () => {
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

    it("accepts a buyer who is cleared in the same call", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, registry, buyer } = suite;
      await registry.setPolicy(allowList);
      await clear(suite, suite.seller);
      const { interface: abi } = escrow;
      await escrow
        .connect(buyer)
        .multicall([
          abi.encodeFunctionData("submitAttestation", [...(await attest(suite))]),
          abi.encodeFunctionData("deposit", [await termsOf(suite)]),
        ]);
      await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
    });

    it("accepts such a call whose attestation somebody front-ran", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, registry, buyer, stranger } = suite;
      await registry.setPolicy(allowList);
      await clear(suite, suite.seller);
      const attestation = await attest(suite);
      await registry.connect(stranger).submitAttestation(...attestation);
      const { interface: abi } = escrow;
      await escrow
        .connect(buyer)
        .multicall([
          abi.encodeFunctionData("submitAttestation", [...attestation]),
          abi.encodeFunctionData("deposit", [await termsOf(suite)]),
        ]);
    });

    for (const [name, mode] of Object.entries(ORACLE_MODES)) {
      it(`reverts given a sanctions oracle that ${name}`, async () => {
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

    it("reverts a withdrawal while the oracle is down, and pays when it is back", async () => {
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

  describe("writing records and policy", () => {
    const record = { standing: 1n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n, revision: 1n };

    for (const who of ["officer", "attester", "admin", "buyer", "stranger"] as const) {
      it(`reverts for the ${who}, also in a multicall`, async () => {
        const suite = await loadFixture(deployEscrow);
        const escrow = suite.escrow.connect(suite[who]);
        await expectRefusal(suite, escrow.storeRecord(suite.buyer, record), "UnauthorizedCaller", suite[who]);
        await expectRefusal(suite, escrow.storePolicy(observing), "UnauthorizedCaller", suite[who]);
        const data = escrow.interface.encodeFunctionData("storePolicy", [observing]);
        await expectRefusal(suite, escrow.multicall([data]), "UnauthorizedCaller", suite[who]);
      });
    }
  });
});
