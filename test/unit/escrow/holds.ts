import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  DAY,
  Flag,
  Status,
  at,
  deployEscrow,
  ethers,
  expectOnly,
  expectRefusal,
  expectState,
  fund,
  fundAndDispute,
  loadFixture,
  usd,
} from "../fixtures/escrow.js";

const UNKNOWN = ethers.id("no such payment");

const withPayment = async () => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite)) };
};

describe("Escrow holds", () => {
  itFollows("escrow/holds.tree");

  describe("hold", () => {
    it("marks the payment and says why", async () => {
      const { suite, escrow, officer, paymentId } = await withPayment();
      await expect(escrow.connect(officer).hold(paymentId, "court order 17"))
        .to.emit(escrow, "PaymentFrozen")
        .withArgs(paymentId, officer, "court order 17");
      await expectState(suite, paymentId, {
        status: Status.Funded,
        flags: Flag.OnHold,
        held: usd(1_000),
        released: 0n,
      });
    });

    it("moves nothing", async () => {
      const { escrow, usdc, officer, paymentId } = await withPayment();
      await expect(escrow.connect(officer).hold(paymentId, "")).to.changeTokenBalance(
        ethers,
        usdc,
        escrow,
        0,
      );
    });

    it("touches no other payment", async () => {
      const { suite, escrow, officer, buyer, paymentId } = await withPayment();
      const { payment: other } = await fund(suite);
      await escrow.connect(officer).hold(paymentId, "");
      await escrow.connect(buyer).release(other, other.amount);
    });

    it("stops operators too", async () => {
      const { suite, escrow, officer, operator, payment, paymentId } = await withPayment();
      await escrow.connect(officer).hold(paymentId, "");
      await expectRefusal(suite, escrow.connect(operator).release(payment, 1), "PaymentOnHold", paymentId);
    });

    it("outlives a dispute that is opened and withdrawn meanwhile", async () => {
      const { suite, escrow, officer, seller, payment, paymentId } = await withPayment();
      await escrow.connect(officer).hold(paymentId, "");
      await escrow.connect(seller).openDispute(payment, ethers.ZeroHash, "");
      const { flags } = await escrow.paymentState(paymentId);
      expect(flags).to.equal(Flag.OnHold | Flag.OpenedBySeller);
      await escrow.connect(seller).withdrawDispute(payment);
      await expectState(suite, paymentId, {
        status: Status.Funded,
        flags: Flag.OnHold,
        held: usd(1_000),
        released: 0n,
      });
    });

    it("reverts with InvalidStatus given an unknown payment", async () => {
      const { suite, escrow, officer } = await withPayment();
      const call = escrow.connect(officer).hold(UNKNOWN, "");
      await expectRefusal(suite, call, "InvalidStatus", UNKNOWN, Status.None);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the officer", async () => {
      const { suite, escrow, paymentId } = await withPayment();
      await expectOnly(suite, ["officer"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).hold(paymentId, ""),
      );
    });

    it("is never paused, and neither is lifting it", async () => {
      const { escrow, officer, guardian, paymentId } = await withPayment();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, DAY, "incident");
      await escrow.connect(officer).hold(paymentId, "");
      await escrow.connect(officer).unhold(paymentId, "");
    });
  });

  describe("unhold", () => {
    it("lets the payment go on and says why", async () => {
      const { escrow, officer, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(officer).hold(paymentId, "");
      await expect(escrow.connect(officer).unhold(paymentId, "order lifted"))
        .to.emit(escrow, "PaymentUnfrozen")
        .withArgs(paymentId, officer, 0, "order lifted");
      await escrow.connect(buyer).release(payment, payment.amount);
    });

    it("moves nothing", async () => {
      const { escrow, usdc, officer, paymentId } = await withPayment();
      await escrow.connect(officer).hold(paymentId, "");
      const call = escrow.connect(officer).unhold(paymentId, "");
      await expect(call).to.changeTokenBalance(ethers, usdc, escrow, 0);
    });

    it("reverts with InvalidStatus given an unknown payment", async () => {
      const { suite, escrow, officer } = await withPayment();
      const call = escrow.connect(officer).unhold(UNKNOWN, "");
      await expectRefusal(suite, call, "InvalidStatus", UNKNOWN, Status.None);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the officer", async () => {
      const { suite, escrow, officer, paymentId } = await withPayment();
      await escrow.connect(officer).hold(paymentId, "");
      await expectOnly(suite, ["officer"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).unhold(paymentId, ""),
      );
    });
  });

  describe("in a dispute", () => {
    it("lifting it gives the arbiter the whole window again, because the hold stopped the ruling", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, officer, arbiter } = suite;
      const { payment, paymentId } = await fundAndDispute(suite);
      await escrow.connect(officer).hold(paymentId, "");

      const lifted = payment.deadline + 30n * DAY;
      await at(lifted);
      await expect(escrow.connect(officer).unhold(paymentId, ""))
        .to.emit(escrow, "PaymentUnfrozen")
        .withArgs(paymentId, officer, lifted, "");
      expect(await escrow.claimableAt(payment)).to.equal(lifted + payment.disputeWindow);
      await at(lifted + payment.disputeWindow - 1n);
      await escrow.connect(arbiter).resolve(payment, 0, payment.amount, ethers.ZeroHash);
    });

    it("lifting it before the deadline changes nothing about when a claim is possible", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, officer } = suite;
      const { payment, paymentId } = await fundAndDispute(suite);
      await escrow.connect(officer).hold(paymentId, "");
      await at(payment.deadline - 1n);
      await escrow.connect(officer).unhold(paymentId, "");
      expect(await escrow.claimableAt(payment)).to.equal(payment.deadline + payment.disputeWindow);
    });
  });
});
