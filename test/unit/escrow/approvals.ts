import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import { MOVES, approvalIdOf } from "../fixtures/approvals.js";
import {
  APPROVAL_THRESHOLD,
  Action,
  Bit,
  DAY,
  HOUR,
  at,
  deployEscrow,
  ethers,
  expectOnly,
  expectRefusal,
  fund,
  loadFixture,
  time,
  usd,
} from "../fixtures/escrow.js";

const withPayment = async (amount = usd(1_000)) => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite, { amount })) };
};

describe("Escrow approvals", () => {
  itFollows("escrow/approvals.tree");

  describe("approvePayout", () => {
    for (const { action, paid } of Object.values(MOVES)) {
      describe(`of what the ${paid} gets`, () => {
        it("tells everything that it is bound to, and when it ends", async () => {
          const { escrow, approver, buyer, payment, paymentId, startedAt } =
            await withPayment(APPROVAL_THRESHOLD);
          await escrow.connect(buyer).release(payment, usd(1_000));
          const [held, released, now] = [usd(9_000), usd(1_000), startedAt + HOUR];
          const approvalId = approvalIdOf(paymentId, action, usd(100), held, released);
          await at(now);
          await expect(escrow.connect(approver).approvePayout(payment, action, usd(100)))
            .to.emit(escrow, "PayoutApproved")
            .withArgs(approvalId, paymentId, approver, action, usd(100), held, released, now + 7n * DAY);
          expect(await escrow.approvalExpiry(approvalId)).to.equal(now + 7n * DAY);
        });

        it("returns its id", async () => {
          const { escrow, approver, payment, paymentId } = await withPayment();
          const approvalId = await escrow.connect(approver).approvePayout.staticCall(payment, action, 1);
          expect(approvalId).to.equal(approvalIdOf(paymentId, action, 1n, usd(1_000), 0n));
        });

        it(`reverts with UnauthorizedCaller for an approver who is the ${paid}`, async () => {
          const { suite, escrow, grant, payment } = await withPayment();
          await grant("APPROVER", suite[paid]);
          const call = escrow.connect(suite[paid]).approvePayout(payment, action, 1);
          await expectRefusal(suite, call, "UnauthorizedCaller", suite[paid]);
        });

        it("accepts one unit, and all that is held", async () => {
          const { escrow, approver, payment } = await withPayment();
          for (const amount of [1n, usd(1_000)]) {
            await escrow.connect(approver).approvePayout(payment, action, amount);
          }
        });

        for (const [what, amount] of [
          ["nothing", 0n],
          ["a unit more than is held", usd(1_000) + 1n],
          ["the largest number there is", ethers.MaxUint256],
        ] as const) {
          it(`reverts with InvalidAmount given ${what}`, async () => {
            const { suite, escrow, approver, payment } = await withPayment();
            const call = escrow.connect(approver).approvePayout(payment, action, amount);
            await expectRefusal(suite, call, "InvalidAmount", amount, usd(1_000));
          });
        }
      });
    }

    it("moves nothing, and is never paused", async () => {
      const { suite, escrow, usdc, approver, guardian, payment } = await withPayment();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, HOUR, "incident");
      const call = escrow.connect(approver).approvePayout(payment, Action.Release, 1);
      await expect(call).to.changeTokenBalance(ethers, usdc, suite.escrow, 0);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the approver", async () => {
      const { suite, escrow, payment } = await withPayment();
      await expectOnly(suite, ["approver"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).approvePayout(payment, Action.Release, 1),
      );
    });
  });

  describe("approvalExpiry", () => {
    it("is zero for one that was never given", async () => {
      const { escrow } = await loadFixture(deployEscrow);
      expect(await escrow.approvalExpiry(ethers.id("no such approval"))).to.equal(0n);
    });

    it("keeps its time when the approval is stale, or over", async () => {
      const { escrow, approver, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(approver).approvePayout(payment, Action.Release, 1);
      const end = BigInt(await time.latest()) + 7n * DAY;
      const approvalId = approvalIdOf(paymentId, Action.Release, 1n, usd(1_000), 0n);
      await escrow.connect(buyer).release(payment, usd(1_000));
      await time.increaseTo(end);
      expect(await escrow.approvalExpiry(approvalId)).to.equal(end);
    });

    it("is zero once the approval is spent", async () => {
      const { escrow, approver, operator, payment, paymentId } = await withPayment(APPROVAL_THRESHOLD);
      await escrow.connect(approver).approvePayout(payment, Action.Release, 1);
      await escrow.connect(operator).release(payment, 1);
      const approvalId = approvalIdOf(paymentId, Action.Release, 1n, APPROVAL_THRESHOLD, 0n);
      expect(await escrow.approvalExpiry(approvalId)).to.equal(0n);
    });
  });
});
