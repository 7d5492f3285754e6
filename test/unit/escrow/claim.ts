import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  Cause,
  DAY,
  HOUR,
  OnDeadline,
  Status,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  usd,
} from "../fixtures/escrow.js";

describe("Escrow claim", () => {
  itFollows("escrow/claim.tree");

  describe("when the deadline releases", () => {
    it("pays the seller less the fee, whoever calls", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, stranger, seller, feeRecipient } = suite;
      const { payment, paymentId } = await fund(suite, { onDeadline: OnDeadline.Release });
      await at(payment.deadline);
      await expect(escrow.connect(stranger).claim(payment)).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, seller, feeRecipient],
        [-usd(1_000), usd(990), usd(10)],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });

    it("tells that it was a claim", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, stranger, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite, { onDeadline: OnDeadline.Release });
      await at(payment.deadline);
      await expect(escrow.connect(stranger).claim(payment))
        .to.emit(escrow, "PaymentReleased")
        .withArgs(paymentId, buyer, seller, Cause.Claim, stranger, usd(1_000), usd(10), 0, usd(1_000));
    });
  });

  describe("when the deadline refunds", () => {
    it("pays the buyer everything that is still held, without a fee", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, stranger, buyer, seller, feeRecipient } = suite;
      const { payment, paymentId } = await fund(suite, { onDeadline: OnDeadline.Refund });
      await escrow.connect(buyer).release(payment, usd(400));
      await at(payment.deadline);
      await expect(escrow.connect(stranger).claim(payment)).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, buyer, seller, feeRecipient],
        [-usd(600), usd(600), 0, 0],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(400) });
    });

    it("tells that it was a claim", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, stranger, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite, { onDeadline: OnDeadline.Refund });
      await at(payment.deadline);
      await expect(escrow.connect(stranger).claim(payment))
        .to.emit(escrow, "PaymentRefunded")
        .withArgs(paymentId, buyer, seller, Cause.Claim, stranger, usd(1_000), 0, 0);
    });
  });

  describe("time", () => {
    it("reverts a second before the deadline", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fund(suite);
      await at(payment.deadline - 1n);
      const call = suite.escrow.claim(payment);
      await expectRefusal(suite, call, "TooEarly", payment.deadline, payment.deadline - 1n);
    });

    it("reverts in a dispute until its window after the deadline is over", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fundAndDispute(suite);
      const over = payment.deadline + payment.disputeWindow;
      expect(await suite.escrow.claimableAt(payment)).to.equal(over);
      await at(over - 1n);
      await expectRefusal(suite, suite.escrow.claim(payment), "TooEarly", over, over - 1n);
    });

    for (const onDeadline of ["Release", "Refund"] as const) {
      it(`lets a silent arbiter's window end in what the terms say: ${onDeadline}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const { escrow, usdc, stranger, buyer, seller } = suite;
        const { payment } = await fundAndDispute(suite, { onDeadline: OnDeadline[onDeadline] });
        await at(payment.deadline + payment.disputeWindow);
        await expect(escrow.connect(stranger).claim(payment)).to.changeTokenBalances(
          ethers,
          usdc,
          [buyer, seller],
          onDeadline === "Release" ? [0, usd(990)] : [usd(1_000), 0],
        );
        await expectTotals(suite, usdc, { held: 0n, credits: 0n });
      });
    }

    it("is the deadline again once a dispute is withdrawn", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fundAndDispute(suite);
      await suite.escrow.connect(suite.buyer).withdrawDispute(payment);
      expect(await suite.escrow.claimableAt(payment)).to.equal(payment.deadline);
      await at(payment.deadline);
      await suite.escrow.claim(payment);
    });
  });

  it("reverts while exits are paused, and works when they no longer are", async () => {
    const suite = await loadFixture(deployEscrow);
    const { escrow, guardian } = suite;
    const { payment } = await fund(suite);
    await at(payment.deadline - HOUR);
    await escrow.connect(guardian).pause(Bit.EXITS, DAY, "incident");
    const until = await escrow.pausedUntil(Bit.EXITS);
    await at(until - 1n);
    await expectRefusal(suite, escrow.claim(payment), "EnforcedPause", Bit.EXITS, until);
    await at(until);
    await escrow.claim(payment);
  });
});
