import { expect } from "chai";

import { ROLES } from "../../../deploy/roles.js";
import type { Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { MOVES, approvalIdOf } from "../fixtures/approvals.js";
import {
  APPROVAL_THRESHOLD,
  Bit,
  Cause,
  DAY,
  OUTFLOW_LIMIT,
  at,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectToWait,
  fund,
  loadFixture,
  networkHelpers,
  time,
  usd,
} from "../fixtures/escrow.js";

const withPayment = async (amount = usd(1_000)) => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite, { amount })) };
};

const other = { release: "refund", refund: "release" } as const;

describe("Escrow operators", () => {
  itFollows("escrow/operators.tree");

  for (const [move, { action, paid, party }] of Object.entries(MOVES) as [
    keyof typeof MOVES,
    (typeof MOVES)[keyof typeof MOVES],
  ][]) {
    describe(move, () => {
      /** A payment at the threshold, and the approver's consent to moving 100 of it. */
      const withApproval = async () => {
        const context = await withPayment(APPROVAL_THRESHOLD);
        const { escrow, approver, payment, paymentId } = context;
        await escrow.connect(approver).approvePayout(payment, action, usd(100));
        const approvalId = approvalIdOf(paymentId, action, usd(100), APPROVAL_THRESHOLD, 0n);
        return { ...context, approvalId, approvedAt: BigInt(await time.latest()) };
      };

      describe("by an operator, below the approval threshold", () => {
        it("needs nobody else, and names the operator", async () => {
          const { escrow, operator, buyer, seller, payment, paymentId } = await withPayment();
          const parties = [paymentId, buyer, seller] as const;
          const call = expect(escrow.connect(operator)[move](payment, usd(100)));
          await (move === "release"
            ? call.to
                .emit(escrow, "PaymentReleased")
                .withArgs(...parties, Cause.Release, operator, usd(100), usd(1), usd(900), usd(100))
            : call.to
                .emit(escrow, "PaymentRefunded")
                .withArgs(...parties, Cause.Refund, operator, usd(100), usd(900), 0));
        });

        it("needs nobody else given a payment of a unit less than the threshold", async () => {
          const { escrow, operator, payment } = await withPayment(APPROVAL_THRESHOLD - 1n);
          await escrow.connect(operator)[move](payment, payment.amount);
        });

        for (const [part, bit] of [
          ["payouts", Bit.PAYOUTS],
          ["exits", Bit.EXITS],
        ] as const) {
          it(`reverts with EnforcedPause until a pause of ${part} ends`, async () => {
            const { suite, escrow, operator, payment } = await withPayment();
            await expectToWait(suite, bit, () => escrow.connect(operator)[move](payment, 1));
          });
        }

        it(`reverts with UnauthorizedCaller for an operator who is the ${paid}`, async () => {
          const { suite, escrow, grant, payment } = await withPayment();
          await grant("OPERATOR", suite[paid]);
          const call = escrow.connect(suite[paid])[move](payment, 1);
          await expectRefusal(suite, call, "UnauthorizedCaller", suite[paid]);
        });

        it(`asks an operator who is the ${party} for nothing but that`, async () => {
          const { suite, escrow, grant, payment } = await withPayment(OUTFLOW_LIMIT + 1n);
          await grant("OPERATOR", suite[party]);
          await escrow.connect(suite[party])[move](payment, payment.amount);
        });

        describe("given an operator with a delay", () => {
          const withDelay = async () => {
            const context = await withPayment();
            const { manager, escrow, stranger, payment } = context;
            await manager.grantRole(ROLES.OPERATOR.id, stranger, DAY);
            const data = escrow.interface.encodeFunctionData(move as "release", [payment, 1]);
            const schedule = () => manager.connect(stranger).schedule(escrow, data, 0);
            return { ...context, schedule, call: () => escrow.connect(stranger)[move](payment, 1) };
          };

          it("reverts with AccessManagerNotScheduled unless it was scheduled", async () => {
            const { manager, call } = await withDelay();
            await expect(call()).to.be.revertedWithCustomError(manager, "AccessManagerNotScheduled");
          });

          it("reverts with AccessManagerNotReady a second before the delay is over, and works from then on", async () => {
            const { manager, schedule, call } = await withDelay();
            await schedule();
            const ready = BigInt(await time.latest()) + DAY;
            await at(ready - 1n);
            await expect(call()).to.be.revertedWithCustomError(manager, "AccessManagerNotReady");
            await at(ready);
            await call();
          });

          it("works once for each time it was scheduled", async () => {
            const { manager, schedule, call } = await withDelay();
            await schedule();
            await time.increase(DAY);
            await call();
            await expect(call()).to.be.revertedWithCustomError(manager, "AccessManagerNotScheduled");
          });
        });
      });

      describe("within the outflow limit", () => {
        it("works for all of it", async () => {
          const { escrow, usdc, operator, payment } = await withPayment();
          await configure(escrow, usdc, { outflowLimit: usd(100) });
          await escrow.connect(operator)[move](payment, usd(100));
        });

        it("reverts with OutflowLimitExceeded given a unit more", async () => {
          const { suite, escrow, usdc, operator, payment } = await withPayment();
          await configure(escrow, usdc, { outflowLimit: usd(100) });
          const call = escrow.connect(operator)[move](payment, usd(100) + 1n);
          await expectRefusal(suite, call, "OutflowLimitExceeded", usdc, usd(100) + 1n, usd(100));
        });

        it("reverts with OutflowLimitExceeded given a unit more than has come back", async () => {
          const { suite, escrow, usdc, operator, payment } = await withPayment();
          await configure(escrow, usdc, { outflowLimit: 1_000n, outflowWindow: 100n });
          await escrow.connect(operator)[move](payment, 1_000n);
          const later = BigInt(await time.latest()) + 30n;
          await at(later);
          const call = escrow.connect(operator)[move](payment, 301n);
          await expectRefusal(suite, call, "OutflowLimitExceeded", usdc, 301, 300);
          await at(later);
          await escrow.connect(operator)[move](payment, 300n);
        });

        it("reverts with OutflowLimitExceeded given a limit of zero", async () => {
          const { suite, escrow, usdc, operator, payment } = await withPayment();
          await configure(escrow, usdc, { outflowLimit: 0 });
          const call = escrow.connect(operator)[move](payment, 1);
          await expectRefusal(suite, call, "OutflowLimitExceeded", usdc, 1, 0);
        });

        it("never stops the party", async () => {
          const { suite, escrow, usdc, payment } = await withPayment();
          await configure(escrow, usdc, { outflowLimit: 0 });
          await escrow.connect(suite[party])[move](payment, usd(1_000));
        });
      });

      describe("from the approval threshold on", () => {
        it("reverts with ApprovalRequired without one, however small the piece", async () => {
          const { suite, escrow, operator, payment, paymentId } = await withPayment(APPROVAL_THRESHOLD);
          const approvalId = approvalIdOf(paymentId, action, 1n, APPROVAL_THRESHOLD, 0n);
          const call = escrow.connect(operator)[move](payment, 1);
          await expectRefusal(suite, call, "ApprovalRequired", approvalId);
        });

        it("reverts with ApprovalRequired for what little is left of a large payment", async () => {
          const { escrow, buyer, operator, payment } = await withPayment(APPROVAL_THRESHOLD);
          await escrow.connect(buyer).release(payment, APPROVAL_THRESHOLD - 1n);
          await expect(escrow.connect(operator)[move](payment, 1)).to.be.revertedWithCustomError(
            escrow,
            "ApprovalRequired",
          );
        });

        it("reverts with ApprovalRequired for any payment if the threshold is zero", async () => {
          const { escrow, usdc, operator, payment } = await withPayment(1n);
          await configure(escrow, usdc, { approvalThreshold: 0 });
          await expect(escrow.connect(operator)[move](payment, 1)).to.be.revertedWithCustomError(
            escrow,
            "ApprovalRequired",
          );
        });

        it("spends the approval", async () => {
          const { suite, escrow, operator, payment, paymentId, approvalId } = await withApproval();
          await expect(escrow.connect(operator)[move](payment, usd(100)))
            .to.emit(escrow, "PayoutApprovalSpent")
            .withArgs(approvalId, paymentId, operator);
          expect(await escrow.approvalExpiry(approvalId)).to.equal(0n);
          await expect(escrow.connect(operator)[move](payment, usd(100))).to.be.revertedWithCustomError(
            suite.escrow,
            "ApprovalRequired",
          );
        });

        it("works until the last second of the approval", async () => {
          const { escrow, operator, payment, approvedAt } = await withApproval();
          await at(approvedAt + 7n * DAY - 1n);
          await escrow.connect(operator)[move](payment, usd(100));
        });

        it("reverts with ApprovalRequired in the second in which the approval ends", async () => {
          const { suite, escrow, operator, payment, approvedAt, approvalId } = await withApproval();
          await at(approvedAt + 7n * DAY);
          const call = escrow.connect(operator)[move](payment, usd(100));
          await expectRefusal(suite, call, "ApprovalRequired", approvalId);
        });

        it("starts the time anew when it is approved again", async () => {
          const { escrow, approver, operator, payment, approvedAt } = await withApproval();
          await at(approvedAt + 6n * DAY);
          await escrow.connect(approver).approvePayout(payment, action, usd(100));
          await at(approvedAt + 12n * DAY);
          await escrow.connect(operator)[move](payment, usd(100));
        });

        for (const [what, amount] of [
          ["a unit more than was approved", usd(100) + 1n],
          ["a unit less", usd(100) - 1n],
        ] as const) {
          it(`reverts with ApprovalRequired given ${what}`, async () => {
            const { escrow, operator, payment } = await withApproval();
            const call = escrow.connect(operator)[move](payment, amount);
            await expect(call).to.be.revertedWithCustomError(escrow, "ApprovalRequired");
          });
        }

        it(`reverts with ApprovalRequired given one to ${other[move]} as much`, async () => {
          const { suite, escrow, approver, operator } = await withApproval();
          const { payment, paymentId } = await fund(suite, { amount: APPROVAL_THRESHOLD });
          const { action: opposite } = MOVES[other[move]];
          await escrow.connect(approver).approvePayout(payment, opposite, usd(100));
          const approvalId = approvalIdOf(paymentId, action, usd(100), APPROVAL_THRESHOLD, 0n);
          const call = escrow.connect(operator)[move](payment, usd(100));
          await expectRefusal(suite, call, "ApprovalRequired", approvalId);
        });

        for (const [which, by] of [
          ["release", "buyer"],
          ["refund", "seller"],
        ] as const) {
          it(`reverts with ApprovalRequired once the ${by} has moved anything`, async () => {
            const { suite, escrow, operator, payment } = await withApproval();
            await escrow.connect(suite[by])[which](payment, 1);
            await expect(escrow.connect(operator)[move](payment, usd(100))).to.be.revertedWithCustomError(
              escrow,
              "ApprovalRequired",
            );
          });
        }

        it("outlives a dispute that was withdrawn and a hold that was lifted", async () => {
          const { escrow, buyer, officer, operator, payment, paymentId } = await withApproval();
          await escrow.connect(buyer).openDispute(payment, ethers.ZeroHash, "");
          await escrow.connect(officer).hold(paymentId, "");
          await escrow.connect(officer).unhold(paymentId, "");
          await escrow.connect(buyer).withdrawDispute(payment);
          await escrow.connect(operator)[move](payment, usd(100));
        });

        it("reverts with ApprovalRequired given an approval of another payment", async () => {
          const { suite, escrow, operator } = await withApproval();
          const { payment: another } = await fund(suite, { amount: APPROVAL_THRESHOLD });
          await expect(escrow.connect(operator)[move](another, usd(100))).to.be.revertedWithCustomError(
            escrow,
            "ApprovalRequired",
          );
        });

        it("reverts with ApprovalRequired given the operator's own approval", async () => {
          const { suite, escrow, grant, approver, payment, approvalId } = await withApproval();
          await grant("OPERATOR", approver);
          const call = escrow.connect(approver)[move](payment, usd(100));
          await expectRefusal(suite, call, "ApprovalRequired", approvalId);
        });

        it("reverts with ApprovalRequired once the approver has lost the role", async () => {
          const { suite, escrow, manager, approver, operator, payment, approvalId } = await withApproval();
          await manager.revokeRole(ROLES.APPROVER.id, approver);
          const call = escrow.connect(operator)[move](payment, usd(100));
          await expectRefusal(suite, call, "ApprovalRequired", approvalId);
        });

        it("accepts the approval of one who has the role with a delay", async () => {
          const { escrow, manager, approver, operator, payment } = await withApproval();
          await manager.grantRole(ROLES.APPROVER.id, approver, DAY);
          await escrow.connect(operator)[move](payment, usd(100));
        });

        it("reverts with OutflowLimitExceeded given an approval of more than the limit", async () => {
          const suite = await loadFixture(deployEscrow);
          const { escrow, usdc, approver, operator } = suite;
          const amount = OUTFLOW_LIMIT + 1n;
          const { payment } = await fund(suite, { amount });
          await escrow.connect(approver).approvePayout(payment, action, amount);
          const call = escrow.connect(operator)[move](payment, amount);
          await expectRefusal(suite, call, "OutflowLimitExceeded", usdc, amount, OUTFLOW_LIMIT);
        });
      });
    });
  }

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

    it("is shared by all operators", async () => {
      const { suite, escrow, grant, stranger, useUp, last } = await withPayments();
      await useUp();
      await grant("OPERATOR", stranger);
      await expect(escrow.connect(stranger).release(last, usd(100))).to.be.revertedWithCustomError(
        suite.escrow,
        "OutflowLimitExceeded",
      );
    });

    it("does not count what the parties move", async () => {
      const { escrow, usdc, buyer, seller, last } = await withPayments();
      await escrow.connect(buyer).release(last, usd(100));
      await escrow.connect(seller).refund(last, usd(100));
      expect(await escrow.availableOutflow(usdc)).to.equal(OUTFLOW_LIMIT);
    });
  });

  describe("availableOutflow", () => {
    it("is zero for a token that was never configured", async () => {
      const { escrow, stranger } = await loadFixture(deployEscrow);
      expect(await escrow.availableOutflow(stranger)).to.equal(0n);
    });

    it("is the whole limit before anything was moved", async () => {
      const { escrow, usdc } = await loadFixture(deployEscrow);
      expect(await escrow.availableOutflow(usdc)).to.equal(OUTFLOW_LIMIT);
    });

    it("comes back evenly, and never exceeds the limit", async () => {
      const { escrow, usdc, operator, payment } = await withPayment();
      await configure(escrow, usdc, { outflowLimit: 1_000n, outflowWindow: 100n });
      await escrow.connect(operator).release(payment, 1_000);
      const start = await time.latest();
      for (const [seconds, available] of [
        [0, 0n],
        [1, 10n],
        [99, 990n],
        [100, 1_000n],
        [500, 1_000n],
      ] as const) {
        if (seconds > 0) await time.increaseTo(start + seconds);
        expect(await escrow.availableOutflow(usdc), `after ${seconds} s`).to.equal(available);
      }
    });

    it("is whole again in the next second given a window of zero", async () => {
      const { escrow, usdc, operator, payment } = await withPayment();
      await configure(escrow, usdc, { outflowLimit: 1_000n, outflowWindow: 0n });
      await escrow.connect(operator).release(payment, 1_000);
      expect(await escrow.availableOutflow(usdc)).to.equal(0n);
      await networkHelpers.mine();
      expect(await escrow.availableOutflow(usdc)).to.equal(1_000n);
    });

    it("can be the largest limit over the longest window", async () => {
      const { escrow, usdc, operator, payment } = await withPayment();
      const [outflowLimit, outflowWindow] = [2n ** 208n - 1n, 2n ** 48n - 1n];
      await configure(escrow, usdc, { outflowLimit, outflowWindow });
      expect(await escrow.availableOutflow(usdc)).to.equal(outflowLimit);
      await escrow.connect(operator).release(payment, usd(1_000));
      expect(await escrow.availableOutflow(usdc)).to.be.greaterThan(0n);
    });
  });
});
