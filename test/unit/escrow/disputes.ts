import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  Cause,
  DAY,
  Flag,
  HOUR,
  NOBODY,
  OnDeadline,
  Status,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  expectUnauthorized,
  fund,
  fundAndDispute,
  loadFixture,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import type { Payment } from "../../../scripts/lib/signing.js";

const EVIDENCE = [ethers.id("evidence"), "ipfs://evidence"] as const;
const RULING = ethers.id("ruling");

const withPayment = async (changes: Partial<Payment> = {}) => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fund(suite, changes)) };
};

const withDispute = async (changes: Partial<Payment> = {}, by: "buyer" | "seller" = "buyer") => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fundAndDispute(suite, changes, suite[by])) };
};

const resolveEvenly = ({ escrow }: Suite, by: Suite["buyer"], payment: Payment) =>
  escrow.connect(by).resolve(payment, usd(500), usd(500), RULING);

describe("Escrow disputes", () => {
  itFollows("escrow/disputes.tree");

  describe("openDispute", () => {
    for (const [who, flags] of [
      ["buyer", 0n],
      ["seller", Flag.OpenedBySeller],
    ] as const) {
      it(`lets the ${who} open one, and remembers who and when`, async () => {
        const { suite, escrow, payment, paymentId, startedAt } = await withPayment();
        const now = startedAt + HOUR;
        await at(now);
        await escrow.connect(suite[who]).openDispute(payment, ...EVIDENCE);
        await expectState(suite, paymentId, {
          status: Status.Disputed,
          flags,
          disputedAt: now,
          held: usd(1_000),
          released: 0n,
        });
      });
    }

    it("tells the evidence and from when on a claim is possible", async () => {
      const { escrow, buyer, seller, payment, paymentId } = await withPayment();
      await expect(escrow.connect(seller).openDispute(payment, ...EVIDENCE))
        .to.emit(escrow, "DisputeOpened")
        .withArgs(paymentId, buyer, seller, seller, payment.deadline + payment.disputeWindow, ...EVIDENCE);
    });

    it("works until the last second before the deadline", async () => {
      const { escrow, buyer, payment } = await withPayment();
      await at(payment.deadline - 1n);
      await escrow.connect(buyer).openDispute(payment, ...EVIDENCE);
    });

    it("reverts at the deadline", async () => {
      const { suite, escrow, buyer, payment } = await withPayment();
      await at(payment.deadline);
      const call = escrow.connect(buyer).openDispute(payment, ...EVIDENCE);
      await expectRefusal(suite, call, "TooLate", payment.deadline, payment.deadline);
    });

    for (const who of ["arbiter", "anyArbiter", "operator", "officer", "admin", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow, payment } = await withPayment();
        const call = escrow.connect(suite[who]).openDispute(payment, ...EVIDENCE);
        await expectRefusal(suite, call, "UnauthorizedCaller", suite[who]);
      });
    }

    it("works for what a partial release left", async () => {
      const { suite, escrow, buyer, payment, paymentId } = await withPayment();
      await escrow.connect(buyer).release(payment, usd(400));
      await escrow.connect(buyer).openDispute(payment, ...EVIDENCE);
      const { status, held, released } = await suite.escrow.paymentState(paymentId);
      expect([status, held, released]).to.deep.equal([Status.Disputed, usd(600), usd(400)]);
    });
  });

  describe("withdrawDispute", () => {
    for (const who of ["buyer", "seller"] as const) {
      it(`lets the ${who} take back their own, as if it had never been`, async () => {
        const { suite, escrow, payment, paymentId } = await withDispute({}, who);
        await escrow.connect(suite[who]).withdrawDispute(payment);
        await expectState(suite, paymentId, { status: Status.Funded, held: usd(1_000), released: 0n });
      });
    }

    it("says who did", async () => {
      const { escrow, buyer, seller, payment, paymentId } = await withDispute();
      await expect(escrow.connect(buyer).withdrawDispute(payment))
        .to.emit(escrow, "DisputeWithdrawn")
        .withArgs(paymentId, buyer, seller, buyer);
    });

    it("lets either party open the next one", async () => {
      const { suite, escrow, buyer, seller, payment, paymentId } = await withDispute({}, "seller");
      await escrow.connect(seller).withdrawDispute(payment);
      await escrow.connect(buyer).openDispute(payment, ...EVIDENCE);
      expect((await suite.escrow.paymentState(paymentId)).flags).to.equal(0n);
    });

    for (const who of ["seller", "arbiter", "anyArbiter", "operator", "stranger"] as const) {
      it(`reverts for the ${who}, given a dispute of the buyer`, async () => {
        const { suite, escrow, payment } = await withDispute();
        await expectRefusal(
          suite,
          escrow.connect(suite[who]).withdrawDispute(payment),
          "UnauthorizedCaller",
          suite[who],
        );
      });
    }

    it("reverts for the buyer, given a dispute of the seller", async () => {
      const { suite, escrow, buyer, payment } = await withDispute({}, "seller");
      await expectRefusal(suite, escrow.connect(buyer).withdrawDispute(payment), "UnauthorizedCaller", buyer);
    });

    for (const [who, onDeadline] of [
      ["buyer", OnDeadline.Refund],
      ["seller", OnDeadline.Release],
    ] as const) {
      describe(`when a claim would pay the ${who}, who opened it`, () => {
        it("works while the other party has more than a window left to open its own", async () => {
          const { suite, escrow, payment } = await withDispute({ onDeadline }, who);
          await at(payment.deadline - payment.disputeWindow - 1n);
          await escrow.connect(suite[who]).withdrawDispute(payment);
        });

        it("reverts from then on", async () => {
          const { suite, escrow, payment } = await withDispute({ onDeadline }, who);
          const latest = payment.deadline - payment.disputeWindow;
          await at(latest);
          const call = escrow.connect(suite[who]).withdrawDispute(payment);
          await expectRefusal(suite, call, "TooLate", latest, latest);
        });
      });
    }

    it("works at any time for an opener whom a claim would not pay", async () => {
      const { escrow, buyer, payment } = await withDispute({ onDeadline: OnDeadline.Release });
      await at(payment.deadline + DAY);
      await escrow.connect(buyer).withdrawDispute(payment);
    });
  });

  describe("resolve", () => {
    it("pays both parties as the arbiter says, and the fee on the seller's part", async () => {
      const { suite, escrow, usdc, arbiter, buyer, seller, feeRecipient, payment, paymentId } =
        await withDispute();
      await expect(
        escrow.connect(arbiter).resolve(payment, usd(700), usd(300), RULING),
      ).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, buyer, seller, feeRecipient],
        [-usd(1_000), usd(300), usd(693), usd(7)],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(700) });
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });

    it("tells the ruling, then each part and what it left", async () => {
      const { escrow, arbiter, buyer, seller, payment, paymentId } = await withDispute();
      const parties = [paymentId, buyer, seller] as const;
      await expect(escrow.connect(arbiter).resolve(payment, usd(700), usd(300), RULING))
        .to.emit(escrow, "DisputeResolved")
        .withArgs(...parties, arbiter, usd(700), usd(300), RULING)
        .to.emit(escrow, "PaymentReleased")
        .withArgs(...parties, Cause.Resolve, arbiter, usd(700), usd(7), usd(300), usd(700))
        .to.emit(escrow, "PaymentRefunded")
        .withArgs(...parties, Cause.Resolve, arbiter, usd(300), 0, usd(700));
    });

    it("says nothing of a part that is zero", async () => {
      const { escrow, arbiter, payment } = await withDispute();
      await expect(escrow.connect(arbiter).resolve(payment, 0, usd(1_000), RULING)).not.to.emit(
        escrow,
        "PaymentReleased",
      );
    });

    for (const [sellerAmount, buyerAmount] of [
      [usd(500), usd(499)],
      [usd(500), usd(501)],
      [usd(1_001), 0n],
      [ethers.MaxUint256, usd(1_000) + 1n],
    ] as const) {
      it(`reverts given ${sellerAmount} and ${buyerAmount} of ${usd(1_000)}`, async () => {
        const { suite, escrow, arbiter, payment } = await withDispute();
        const call = escrow.connect(arbiter).resolve(payment, sellerAmount, buyerAmount, RULING);
        await expectRefusal(suite, call, "InvalidSplit", sellerAmount, buyerAmount, usd(1_000));
      });
    }

    it("works until the last second before a claim is possible", async () => {
      const { suite, arbiter, payment } = await withDispute();
      await at(payment.deadline + payment.disputeWindow - 1n);
      await resolveEvenly(suite, arbiter, payment);
    });

    it("reverts from the second on in which a claim is possible", async () => {
      const { suite, arbiter, payment } = await withDispute();
      const over = payment.deadline + payment.disputeWindow;
      await at(over);
      await expectRefusal(suite, resolveEvenly(suite, arbiter, payment), "TooLate", over, over);
    });

    it("is never paused", async () => {
      const { suite, escrow, guardian, arbiter, payment } = await withDispute();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, DAY, "incident");
      await resolveEvenly(suite, arbiter, payment);
    });

    describe("given a named arbiter", () => {
      for (const who of [
        "anyArbiter",
        "buyer",
        "seller",
        "operator",
        "officer",
        "admin",
        "stranger",
      ] as const) {
        it(`reverts for the ${who}`, async () => {
          const { suite, payment } = await withDispute();
          await expectRefusal(
            suite,
            resolveEvenly(suite, suite[who], payment),
            "UnauthorizedCaller",
            suite[who],
          );
        });
      }
    });

    describe("given none", () => {
      it("lets whoever has the role rule", async () => {
        const { suite, anyArbiter, payment, paymentId } = await withDispute({ arbiter: NOBODY });
        await resolveEvenly(suite, anyArbiter, payment);
        await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(500) });
      });

      for (const who of ["arbiter", "buyer", "seller", "operator", "officer", "stranger"] as const) {
        it(`reverts for the ${who}`, async () => {
          const { suite, payment } = await withDispute({ arbiter: NOBODY });
          await expectUnauthorized(suite, resolveEvenly(suite, suite[who], payment), suite[who]);
        });
      }

      for (const who of ["buyer", "seller"] as const) {
        it(`reverts for the ${who} who has the role`, async () => {
          const { suite, grant, payment } = await withDispute({ arbiter: NOBODY });
          await grant("ARBITER", suite[who]);
          await expectRefusal(
            suite,
            resolveEvenly(suite, suite[who], payment),
            "UnauthorizedCaller",
            suite[who],
          );
        });
      }
    });
  });
});
