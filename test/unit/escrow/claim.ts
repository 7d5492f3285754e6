import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  ACTORS,
  Bit,
  Cause,
  DAY,
  HOUR,
  NATIVE_COIN,
  OnDeadline,
  Status,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectToWait,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  time,
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
    it("reverts with TooEarly a second before the deadline", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fund(suite);
      await at(payment.deadline - 1n);
      const call = suite.escrow.claim(payment);
      await expectRefusal(suite, call, "TooEarly", payment.deadline, payment.deadline - 1n);
    });

    it("reverts with TooEarly in a dispute until its window after the deadline is over", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fundAndDispute(suite);
      const over = payment.deadline + payment.disputeWindow;
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
      await at(payment.deadline);
      await suite.escrow.claim(payment);
    });
  });

  it("pays the native coin", async () => {
    const suite = await loadFixture(deployEscrow);
    const { escrow, seller, feeRecipient } = suite;
    const { payment } = await fund(suite, { token: NATIVE_COIN, amount: 10_000n });
    await at(payment.deadline);
    await expect(escrow.claim(payment)).to.changeEtherBalances(ethers, [seller, feeRecipient], [9_900, 100]);
  });

  it("is for everybody", async () => {
    const suite = await loadFixture(deployEscrow);
    for (const who of ACTORS) {
      const { payment, paymentId } = await fund(suite, { deadline: BigInt(await time.latest()) + HOUR });
      await time.increaseTo(payment.deadline);
      await suite.escrow.connect(suite[who]).claim(payment);
      expect((await suite.escrow.paymentState(paymentId)).status, who).to.equal(Status.Closed);
    }
  });

  it("reverts with EnforcedPause until a pause of exits ends", async () => {
    const suite = await loadFixture(deployEscrow);
    const { payment } = await fund(suite);
    await at(payment.deadline);
    await expectToWait(suite, Bit.EXITS, () => suite.escrow.claim(payment));
  });

  it("goes on while deposits and payouts are paused", async () => {
    const suite = await loadFixture(deployEscrow);
    const { payment } = await fund(suite);
    await at(payment.deadline);
    await suite.escrow.connect(suite.guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS, DAY, "incident");
    await suite.escrow.claim(payment);
  });
});
