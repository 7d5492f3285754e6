import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  Cause,
  DAY,
  NATIVE_COIN,
  NOBODY,
  Status,
  deployEscrow,
  ethers,
  expectOnly,
  expectRefusal,
  expectState,
  expectToWait,
  expectTotals,
  fund,
  loadFixture,
  time,
  usd,
} from "../fixtures/escrow.js";

/** The suite with a funded payment of 1,000 USDC and one percent fee. */
async function withPayment() {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite)) };
}

describe("Escrow release and refund", () => {
  itFollows("escrow/release.tree");

  describe("release", () => {
    it("pays the seller, and the fee recipient what was agreed", async () => {
      const { suite, escrow, usdc, buyer, seller, feeRecipient, payment } = await withPayment();
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, buyer, seller, feeRecipient],
        [-usd(1_000), 0, usd(990), usd(10)],
      );
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });

    it("closes the payment when nothing is held any more", async () => {
      const { suite, escrow, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(1_000));
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
    });

    it("leaves the payment funded while something is held", async () => {
      const { suite, escrow, usdc, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(400));
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(600), released: usd(400) });
      await expectTotals(suite, usdc, { held: usd(600), credits: 0n });
    });

    it("tells what was paid and how the payment now stands", async () => {
      const { escrow, buyer, seller, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(400));
      await expect(escrow.connect(buyer).release(payment, usd(100)))
        .to.emit(escrow, "PaymentReleased")
        .withArgs(paymentId, buyer, seller, Cause.Release, buyer, usd(100), usd(1), usd(500), usd(500));
    });

    it("works after the deadline as well", async () => {
      const { suite, escrow, buyer, payment, paymentId } = await withPayment();
      await time.increaseTo(payment.deadline + DAY);
      await escrow.connect(buyer).release(payment, usd(1_000));
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
    });

    it("pays the native coin", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite, { token: NATIVE_COIN, amount: 10_000n });
      await expect(escrow.connect(buyer).release(payment, 10_000)).to.changeEtherBalances(
        ethers,
        [escrow, seller, feeRecipient],
        [-10_000, 9_900, 100],
      );
      await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
    });

    it("pays one unit", async () => {
      const { suite, escrow, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, 1);
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(1_000) - 1n, released: 1n });
    });

    it("reverts with AccessManagedUnauthorized for everybody but the buyer and an operator", async () => {
      const { suite, escrow, payment } = await withPayment();
      await expectOnly(suite, ["buyer", "operator"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).release(payment, 1),
      );
    });

    for (const [what, amount] of [
      ["nothing", 0n],
      ["a unit more than is held", usd(600) + 1n],
      ["the largest number there is", ethers.MaxUint256],
    ] as const) {
      it(`reverts with InvalidAmount given ${what}`, async () => {
        const { suite, escrow, buyer, payment } = await withPayment();
        await escrow.connect(buyer).release(payment, usd(400));
        const call = escrow.connect(buyer).release(payment, amount);
        await expectRefusal(suite, call, "InvalidAmount", amount, usd(600));
      });
    }

    it("reverts with EnforcedPause until a pause of exits ends", async () => {
      const { suite, escrow, buyer, payment } = await withPayment();
      await expectToWait(suite, Bit.EXITS, () => escrow.connect(buyer).release(payment, 1));
    });

    it("goes on while deposits and payouts are paused", async () => {
      const { escrow, buyer, guardian, payment } = await withPayment();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS, DAY, "incident");
      await escrow.connect(buyer).release(payment, 1);
    });
  });

  describe("refund", () => {
    it("pays the buyer back without a fee", async () => {
      const { suite, escrow, usdc, buyer, seller, feeRecipient, payment, paymentId } = await withPayment();
      await expect(escrow.connect(seller).refund(payment, usd(1_000))).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, buyer, seller, feeRecipient],
        [-usd(1_000), usd(1_000), 0, 0],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: 0n });
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });

    it("tells what was paid and how the payment now stands", async () => {
      const { escrow, buyer, seller, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(300));
      await expect(escrow.connect(seller).refund(payment, usd(100)))
        .to.emit(escrow, "PaymentRefunded")
        .withArgs(paymentId, buyer, seller, Cause.Refund, seller, usd(100), usd(600), usd(300));
    });

    it("and release together never pay more than was deposited", async () => {
      const { suite, escrow, usdc, buyer, seller, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(300));
      await escrow.connect(seller).refund(payment, usd(700));
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(300) });
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
      expect(await usdc.balanceOf(escrow)).to.equal(0n);
    });

    it("works after the deadline as well", async () => {
      const { suite, escrow, seller, payment, paymentId } = await withPayment();
      await time.increaseTo(payment.deadline + DAY);
      await escrow.connect(seller).refund(payment, usd(1_000));
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: 0n });
    });

    it("pays the native coin", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer, seller } = suite;
      const { payment } = await fund(suite, { token: NATIVE_COIN, amount: 10_000n });
      await expect(escrow.connect(seller).refund(payment, 10_000)).to.changeEtherBalances(
        ethers,
        [escrow, buyer],
        [-10_000, 10_000],
      );
      await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
    });

    it("pays one unit", async () => {
      const { suite, escrow, seller, payment, paymentId } = await withPayment();
      await escrow.connect(seller).refund(payment, 1);
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(1_000) - 1n, released: 0n });
    });

    it("reverts with AccessManagedUnauthorized for everybody but the seller and an operator", async () => {
      const { suite, escrow, payment } = await withPayment();
      await expectOnly(suite, ["seller", "operator"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).refund(payment, 1),
      );
    });

    for (const [what, amount] of [
      ["nothing", 0n],
      ["a unit more than is held", usd(600) + 1n],
      ["the largest number there is", ethers.MaxUint256],
    ] as const) {
      it(`reverts with InvalidAmount given ${what}`, async () => {
        const { suite, escrow, buyer, seller, payment } = await withPayment();
        await escrow.connect(buyer).release(payment, usd(400));
        const call = escrow.connect(seller).refund(payment, amount);
        await expectRefusal(suite, call, "InvalidAmount", amount, usd(600));
      });
    }

    it("reverts with EnforcedPause until a pause of exits ends", async () => {
      const { suite, escrow, seller, payment } = await withPayment();
      await expectToWait(suite, Bit.EXITS, () => escrow.connect(seller).refund(payment, 1));
    });

    it("goes on while deposits and payouts are paused", async () => {
      const { escrow, seller, guardian, payment } = await withPayment();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS, DAY, "incident");
      await escrow.connect(seller).refund(payment, 1);
    });
  });

  describe("fee", () => {
    it("is the same in pieces of dust as at once", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite, { amount: 60n, feeBps: 250n });
      const before = await usdc.balanceOf(seller);
      for (let paid = 0; paid < 60; paid += 3) await escrow.connect(buyer).release(payment, 3);
      // 2.5 % of 60 is 1.5: rounded down once, in the seller's favour.
      expect(await usdc.balanceOf(feeRecipient)).to.equal(1n);
      expect((await usdc.balanceOf(seller)) - before).to.equal(59n);
    });

    it("can be all of a piece, when the pieces before it were too small to charge", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer, seller } = suite;
      const { payment, paymentId } = await fund(suite, { amount: 10n, feeBps: 1_000n });
      await escrow.connect(buyer).release(payment, 9);
      await expect(escrow.connect(buyer).release(payment, 1))
        .to.emit(escrow, "PaymentReleased")
        .withArgs(paymentId, buyer, seller, Cause.Release, buyer, 1, 1, 0, 10);
    });

    it("is charged on what is released only, in whatever order refunds come between", async () => {
      const { escrow, usdc, buyer, seller, feeRecipient, payment } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(200));
      await escrow.connect(seller).refund(payment, usd(500));
      await escrow.connect(buyer).release(payment, usd(300));
      expect(await usdc.balanceOf(feeRecipient)).to.equal(usd(5));
    });

    it("is nothing if none was agreed", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment } = await fund(suite, { feeBps: 0n, feeRecipient: NOBODY });
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalance(
        ethers,
        usdc,
        seller,
        usd(1_000),
      );
    });
  });
});
