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
  deployEscrowAround,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  loadFixture,
  observing,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

const REGISTRY_MODES = {
  Reverts: 1,
  ReturnsNothing: 2,
  ReturnsOneWord: 3,
  FindsUnknownReason: 4,
  BurnsGas: 5,
  ReturnBomb: 6,
} as const;

async function withHostileRegistry() {
  const registry = await ethers.deployContract("HostileRegistry");
  const suite = await deployEscrowAround(() => registry.getAddress());
  return { suite, registry };
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

    for (const [name, mode] of Object.entries(REGISTRY_MODES)) {
      it(`reverts given a registry that ${name}`, async () => {
        const { suite, registry } = await loadFixture(withHostileRegistry);
        await registry.setMode(mode);
        const payment = await termsOf(suite);
        // So little that a registry that burns all of it does not take the test along.
        const deposit = suite.escrow.connect(suite.buyer).deposit(payment, { gasLimit: 1_000_000 });
        await expect(deposit).to.revert(ethers);
        await expectTotals(suite, suite.usdc, { held: 0n, credits: 0n });
      });
    }
  });

  describe("at the payout", () => {
    for (const [name, mode] of Object.entries(REGISTRY_MODES)) {
      it(`owes everybody, and reverts no exit, given a registry that ${name}`, async () => {
        const { suite, registry } = await loadFixture(withHostileRegistry);
        const { escrow, usdc, buyer, seller, feeRecipient } = suite;
        const { payment, paymentId } = await fund(suite);
        await registry.setMode(mode);
        await expect(escrow.connect(buyer).release(payment, usd(1_000)))
          .to.emit(escrow, "PayoutCredited")
          .withArgs(paymentId, usdc, seller, usd(990), usd(990), Reason.RegistryUnavailable)
          .to.emit(escrow, "PayoutCredited")
          .withArgs(paymentId, usdc, feeRecipient, usd(10), usd(10), Reason.RegistryUnavailable);
        await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
        await expectTotals(suite, usdc, { held: 0n, credits: usd(1_000) });
      });
    }

    it("reverts a withdrawal while the registry is down, and pays when it is back", async () => {
      const { suite, registry } = await loadFixture(withHostileRegistry);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment } = await fund(suite);
      await registry.setMode(REGISTRY_MODES.Reverts);
      await escrow.connect(buyer).release(payment, usd(1_000));
      const withdraw = () => escrow.withdrawCredit(usdc, seller, seller);
      await expectRefusal(suite, withdraw(), "NotCompliant", seller, Reason.RegistryUnavailable);
      await registry.setMode(0);
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
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, registry, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite);
      const oracle = await ethers.deployContract("MockSanctionsOracle");
      await oracle.setSanctioned(seller, true);
      await registry.setPolicy({ ...allowList, listMode: 0n, sanctionsOracle: await oracle.getAddress() });
      await expect(escrow.connect(buyer).release(payment, usd(1_000)))
        .to.emit(escrow, "PayoutCredited")
        .withArgs(paymentId, usdc, seller, usd(990), usd(990), Reason.Sanctioned);
    });
  });
});
