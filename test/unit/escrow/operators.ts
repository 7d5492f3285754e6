import { expect } from "chai";

import type { Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  APPROVAL_THRESHOLD,
  Action,
  Bit,
  Cause,
  DAY,
  HOUR,
  OUTFLOW_LIMIT,
  at,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectUnauthorized,
  fund,
  loadFixture,
  time,
  usd,
} from "../fixtures/escrow.js";

/** The id of an approval, computed as an operator's client would. */
const approvalIdOf = (paymentId: string, action: bigint, amount: bigint, held: bigint, released: bigint) =>
  ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint8", "uint256", "uint256", "uint256"],
      [paymentId, action, amount, held, released],
    ),
  );

const withPayment = async (amount = usd(1_000)) => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite, { amount })) };
};

/** A payment at the threshold, and the approver's consent to release 100 of it. */
const withApproval = async () => {
  const context = await withPayment(APPROVAL_THRESHOLD);
  const { escrow, approver, payment, paymentId } = context;
  await escrow.connect(approver).approvePayout(payment, Action.Release, usd(100));
  const approvalId = approvalIdOf(paymentId, Action.Release, usd(100), APPROVAL_THRESHOLD, 0n);
  return { ...context, approvalId, approvedAt: BigInt(await time.latest()) };
};

describe("Escrow operators", () => {
  itFollows("escrow/operators.tree");

  describe("below the approval threshold", () => {
    it("an operator releases alone", async () => {
      const { escrow, operator, buyer, seller, payment, paymentId } = await withPayment();
      await expect(escrow.connect(operator).release(payment, usd(100)))
        .to.emit(escrow, "PaymentReleased")
        .withArgs(paymentId, buyer, seller, Cause.Release, operator, usd(100), usd(1), usd(900), usd(100));
    });

    it("an operator refunds alone", async () => {
      const { escrow, operator, buyer, seller, payment, paymentId } = await withPayment();
      await expect(escrow.connect(operator).refund(payment, usd(100)))
        .to.emit(escrow, "PaymentRefunded")
        .withArgs(paymentId, buyer, seller, Cause.Refund, operator, usd(100), usd(900), 0);
    });

    it("reverts while payouts are paused, and while exits are", async () => {
      const { suite, escrow, operator, guardian, payment } = await withPayment();
      for (const bit of [Bit.PAYOUTS, Bit.EXITS]) {
        await escrow.connect(guardian).pause(bit, HOUR, "incident");
        const until = await escrow.pausedUntil(bit);
        for (const act of ["release", "refund"] as const) {
          await expectRefusal(suite, escrow.connect(operator)[act](payment, 1), "EnforcedPause", bit, until);
        }
        await time.increaseTo(until);
      }
    });

    it("reverts for an operator who would be paid", async () => {
      const { suite, escrow, grant, buyer, seller, payment } = await withPayment();
      await grant("OPERATOR", buyer);
      await grant("OPERATOR", seller);
      await expectRefusal(suite, escrow.connect(seller).release(payment, 1), "UnauthorizedCaller", seller);
      await expectRefusal(suite, escrow.connect(buyer).refund(payment, 1), "UnauthorizedCaller", buyer);
    });
  });

  describe("outflow limit", () => {
    /** Payments just below the threshold, so that only the outflow limit stops an operator. */
    const withPayments = async () => {
      const suite = await loadFixture(deployEscrow);
      const amount = APPROVAL_THRESHOLD - 1n;
      const payments: Payment[] = [];
      for (let i = 0; i < 6; ++i) payments.push((await fund(suite, { amount })).payment);
      const operated = suite.escrow.connect(suite.operator);
      const useUp = async () => {
        for (const payment of payments.slice(0, 5)) await operated.release(payment, amount);
        await operated.release(payments[5]!, 5);
      };
      return { suite, ...suite, payments, operated, useUp, last: payments[5]! };
    };

    it("counts releases and refunds together", async () => {
      const { escrow, usdc, operated, payments } = await withPayments();
      await operated.refund(payments[0]!, usd(9_000));
      await operated.release(payments[1]!, usd(1_000));
      // What came back meanwhile is a second's share.
      const available = await escrow.availableOutflow(usdc);
      expect(available).to.be.within(OUTFLOW_LIMIT - usd(10_000), OUTFLOW_LIMIT - usd(10_000) + usd(10));
    });

    it("reverts given more than is left", async () => {
      const { suite, escrow, usdc, operated, useUp, last } = await withPayments();
      await useUp();
      const now = BigInt(await time.latest()) + 1n;
      await at(now);
      await expect(operated.release(last, usd(100)))
        .to.be.revertedWithCustomError(escrow, "OutflowLimitExceeded")
        .withArgs(usdc, usd(100), (left: bigint) => left < usd(10));
      expect(await suite.escrow.availableOutflow(usdc)).to.be.lessThan(usd(10));
    });

    it("comes back evenly over the window", async () => {
      const { escrow, usdc, useUp } = await withPayments();
      await useUp();
      const [start, left] = [await time.latest(), await escrow.availableOutflow(usdc)];
      await time.increaseTo(BigInt(start) + DAY / 4n);
      expect((await escrow.availableOutflow(usdc)) - left).to.be.within(
        OUTFLOW_LIMIT / 4n,
        OUTFLOW_LIMIT / 4n + 1n,
      );
      await time.increaseTo(BigInt(start) + DAY);
      expect(await escrow.availableOutflow(usdc)).to.equal(OUTFLOW_LIMIT);
    });

    it("is shared by all operators", async () => {
      const { suite, escrow, grant, stranger, useUp, last } = await withPayments();
      await useUp();
      await grant("OPERATOR", stranger);
      await expect(escrow.connect(stranger).release(last, usd(100))).to.be.revertedWithCustomError(
        suite.escrow,
        "OutflowLimitExceeded",
      );
    });

    it("never stops the parties", async () => {
      const { escrow, buyer, seller, useUp, last } = await withPayments();
      await useUp();
      await escrow.connect(buyer).release(last, usd(100));
      await escrow.connect(seller).refund(last, usd(100));
    });

    it("keeps operators out if it is zero", async () => {
      const { suite, escrow, usdc, operator, payment } = await withPayment();
      await configure(escrow, usdc, { outflowLimit: 0 });
      await expectRefusal(
        suite,
        escrow.connect(operator).release(payment, 1),
        "OutflowLimitExceeded",
        usdc,
        1,
        0,
      );
    });
  });

  describe("approvePayout", () => {
    it("tells everything that it is bound to, and when it ends", async () => {
      const { escrow, approver, buyer, payment, paymentId, startedAt } =
        await withPayment(APPROVAL_THRESHOLD);
      await escrow.connect(buyer).release(payment, usd(1_000));
      const [held, released, now] = [usd(9_000), usd(1_000), startedAt + HOUR];
      const approvalId = approvalIdOf(paymentId, Action.Refund, usd(100), held, released);
      await at(now);
      await expect(escrow.connect(approver).approvePayout(payment, Action.Refund, usd(100)))
        .to.emit(escrow, "PayoutApproved")
        .withArgs(approvalId, paymentId, approver, Action.Refund, usd(100), held, released, now + 7n * DAY);
      expect(await escrow.approvalExpiry(approvalId)).to.equal(now + 7n * DAY);
    });

    for (const who of ["operator", "buyer", "seller", "officer", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow, payment } = await withPayment();
        const call = escrow.connect(suite[who]).approvePayout(payment, Action.Release, 1);
        await expectUnauthorized(suite, call, suite[who]);
      });
    }

    it("reverts for an approver who would be paid", async () => {
      const { suite, escrow, grant, buyer, seller, payment } = await withPayment();
      for (const [party, action] of [
        [seller, Action.Release],
        [buyer, Action.Refund],
      ] as const) {
        await grant("APPROVER", party);
        const call = escrow.connect(party).approvePayout(payment, action, 1);
        await expectRefusal(suite, call, "UnauthorizedCaller", party);
      }
    });

    it("reverts given nothing, or more than is held", async () => {
      const { suite, escrow, approver, payment } = await withPayment();
      for (const amount of [0n, usd(1_000) + 1n]) {
        const call = escrow.connect(approver).approvePayout(payment, Action.Release, amount);
        await expectRefusal(suite, call, "InvalidAmount", amount, usd(1_000));
      }
    });
  });

  describe("from the approval threshold on", () => {
    it("reverts without an approval, however small the piece", async () => {
      const { suite, escrow, operator, payment, paymentId } = await withPayment(APPROVAL_THRESHOLD);
      const approvalId = approvalIdOf(paymentId, Action.Release, 1n, APPROVAL_THRESHOLD, 0n);
      await expectRefusal(
        suite,
        escrow.connect(operator).release(payment, 1),
        "ApprovalRequired",
        approvalId,
      );
    });

    it("reverts for what little is left of a large payment", async () => {
      const { suite, escrow, buyer, operator, payment } = await withPayment(APPROVAL_THRESHOLD);
      await escrow.connect(buyer).release(payment, APPROVAL_THRESHOLD - 1n);
      await expect(escrow.connect(operator).release(payment, 1)).to.be.revertedWithCustomError(
        suite.escrow,
        "ApprovalRequired",
      );
    });

    it("asks for consent to any payment if the threshold is zero", async () => {
      const { escrow, usdc, operator, payment } = await withPayment(1n);
      await configure(escrow, usdc, { approvalThreshold: 0 });
      await expect(escrow.connect(operator).release(payment, 1)).to.be.revertedWithCustomError(
        escrow,
        "ApprovalRequired",
      );
    });

    it("spends the approval", async () => {
      const { escrow, operator, payment, paymentId, approvalId } = await withApproval();
      await expect(escrow.connect(operator).release(payment, usd(100)))
        .to.emit(escrow, "PayoutApprovalSpent")
        .withArgs(approvalId, paymentId, operator);
      expect(await escrow.approvalExpiry(approvalId)).to.equal(0n);
    });

    it("works until the last second of the approval", async () => {
      const { escrow, operator, payment, approvedAt } = await withApproval();
      await at(approvedAt + 7n * DAY - 1n);
      await escrow.connect(operator).release(payment, usd(100));
    });

    it("reverts in the second in which the approval ends", async () => {
      const { suite, escrow, operator, payment, approvedAt, approvalId } = await withApproval();
      await at(approvedAt + 7n * DAY);
      const call = escrow.connect(operator).release(payment, usd(100));
      await expectRefusal(suite, call, "ApprovalRequired", approvalId);
    });

    it("starts the time anew when it is approved again", async () => {
      const { escrow, approver, operator, payment, approvedAt } = await withApproval();
      await at(approvedAt + 6n * DAY);
      await escrow.connect(approver).approvePayout(payment, Action.Release, usd(100));
      await at(approvedAt + 12n * DAY);
      await escrow.connect(operator).release(payment, usd(100));
    });

    it("reverts given another amount or direction than was approved", async () => {
      const { suite, escrow, operator, payment } = await withApproval();
      for (const [act, amount] of [
        ["release", usd(100) + 1n],
        ["release", usd(99)],
        ["refund", usd(100)],
      ] as const) {
        const call = escrow.connect(operator)[act](payment, amount);
        await expect(call).to.be.revertedWithCustomError(suite.escrow, "ApprovalRequired");
      }
    });

    it("reverts once anything of the payment has moved", async () => {
      const { suite, escrow, buyer, operator, payment } = await withApproval();
      await escrow.connect(buyer).release(payment, 1);
      await expect(escrow.connect(operator).release(payment, usd(100))).to.be.revertedWithCustomError(
        suite.escrow,
        "ApprovalRequired",
      );
    });

    it("reverts given an approval of another payment", async () => {
      const { suite, operator } = await withApproval();
      const { payment: other } = await fund(suite, { amount: APPROVAL_THRESHOLD });
      await expect(suite.escrow.connect(operator).release(other, usd(100))).to.be.revertedWithCustomError(
        suite.escrow,
        "ApprovalRequired",
      );
    });

    it("reverts given the operator's own approval", async () => {
      const { suite, escrow, grant, approver, payment, approvalId } = await withApproval();
      await grant("OPERATOR", approver);
      const call = escrow.connect(approver).release(payment, usd(100));
      await expectRefusal(suite, call, "ApprovalRequired", approvalId);
    });

    it("is limited by the outflow as well", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, approver, operator } = suite;
      const amount = OUTFLOW_LIMIT + 1n;
      const { payment } = await fund(suite, { amount });
      await escrow.connect(approver).approvePayout(payment, Action.Release, amount);
      const call = escrow.connect(operator).release(payment, amount);
      await expectRefusal(suite, call, "OutflowLimitExceeded", usdc, amount, OUTFLOW_LIMIT);
    });
  });
});
