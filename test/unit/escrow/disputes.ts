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
  expectOnly,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  networkHelpers,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { WRONG_SPLITS } from "../fixtures/splits.js";
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

const pauseEverything = ({ escrow, guardian }: Suite) =>
  escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, DAY, "incident");

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

    for (const [what, after] of [
      ["at the deadline", 0n],
      ["a second after it", 1n],
    ] as const) {
      it(`reverts with TooLate ${what}`, async () => {
        const { suite, escrow, buyer, payment } = await withPayment();
        const now = payment.deadline + after;
        await at(now);
        const call = escrow.connect(buyer).openDispute(payment, ...EVIDENCE);
        await expectRefusal(suite, call, "TooLate", payment.deadline, now);
      });
    }

    it("is never paused", async () => {
      const { suite, escrow, seller, payment } = await withPayment();
      await pauseEverything(suite);
      await escrow.connect(seller).openDispute(payment, ...EVIDENCE);
    });

    it("reverts with UnauthorizedCaller for everybody but the buyer and the seller", async () => {
      const { suite, escrow, payment } = await withPayment();
      await expectOnly(suite, ["buyer", "seller"], "UnauthorizedCaller", (by) =>
        escrow.connect(by).openDispute(payment, ...EVIDENCE),
      );
    });

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

    for (const opener of ["buyer", "seller"] as const) {
      it(`reverts with UnauthorizedCaller for everybody but the ${opener}, given a dispute of theirs`, async () => {
        const { suite, escrow, payment } = await withDispute({}, opener);
        await expectOnly(suite, [opener], "UnauthorizedCaller", (by) =>
          escrow.connect(by).withdrawDispute(payment),
        );
      });
    }

    it("is never paused", async () => {
      const { suite, escrow, buyer, payment } = await withDispute();
      await pauseEverything(suite);
      await escrow.connect(buyer).withdrawDispute(payment);
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

        it("reverts with TooLate from then on", async () => {
          const { suite, escrow, payment } = await withDispute({ onDeadline }, who);
          const latest = payment.deadline - payment.disputeWindow;
          await at(latest);
          const call = escrow.connect(suite[who]).withdrawDispute(payment);
          await expectRefusal(suite, call, "TooLate", latest, latest);
        });
      });
    }

    it("reverts with TooLate from the beginning, given a window longer than the time to the deadline", async () => {
      const disputeWindow = 30n * DAY;
      const { suite, escrow, seller, payment } = await withDispute({ disputeWindow }, "seller");
      const now = suite.startedAt + HOUR;
      await at(now);
      const call = escrow.connect(seller).withdrawDispute(payment);
      await expectRefusal(suite, call, "TooLate", payment.deadline - disputeWindow, now);
    });

    for (const [who, onDeadline] of [
      ["buyer", OnDeadline.Release],
      ["seller", OnDeadline.Refund],
    ] as const) {
      it(`works at any time for the ${who}, whom a claim would not pay`, async () => {
        const { suite, escrow, payment } = await withDispute({ onDeadline }, who);
        await at(payment.deadline + payment.disputeWindow + DAY);
        await escrow.connect(suite[who]).withdrawDispute(payment);
      });
    }
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

    for (const [winner, sellerAmount, silent] of [
      ["buyer", 0n, "PaymentReleased"],
      ["seller", usd(1_000), "PaymentRefunded"],
    ] as const) {
      it(`can give all to the ${winner}, and says nothing of the part that is zero`, async () => {
        const { escrow, arbiter, payment } = await withDispute();
        const buyerAmount = usd(1_000) - sellerAmount;
        const call = escrow.connect(arbiter).resolve(payment, sellerAmount, buyerAmount, RULING);
        await expect(call).not.to.emit(escrow, silent);
      });
    }

    it("can leave the buyer a single unit", async () => {
      const { suite, escrow, arbiter, payment, paymentId } = await withDispute();
      await escrow.connect(arbiter).resolve(payment, usd(1_000) - 1n, 1n, RULING);
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) - 1n });
    });

    for (const [what, sellerAmount, buyerAmount] of WRONG_SPLITS) {
      it(`reverts with InvalidSplit given ${what}`, async () => {
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

    it("reverts with TooLate from the second on in which a claim is possible", async () => {
      const { suite, arbiter, payment } = await withDispute();
      const over = payment.deadline + payment.disputeWindow;
      await at(over);
      await expectRefusal(suite, resolveEvenly(suite, arbiter, payment), "TooLate", over, over);
    });

    it("is never paused", async () => {
      const { suite, arbiter, payment } = await withDispute();
      await pauseEverything(suite);
      await resolveEvenly(suite, arbiter, payment);
    });

    describe("given a named arbiter", () => {
      it("reverts with UnauthorizedCaller for everybody but that arbiter", async () => {
        const { suite, payment } = await withDispute();
        await expectOnly(suite, ["arbiter"], "UnauthorizedCaller", (by) => resolveEvenly(suite, by, payment));
      });

      it("lets that arbiter rule who has lost every role", async () => {
        const { suite, arbiter, manager, payment, paymentId } = await withDispute();
        await networkHelpers.setCode(await manager.getAddress(), "0x");
        await resolveEvenly(suite, arbiter, payment);
        await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(500) });
      });
    });

    describe("given none", () => {
      it("lets whoever has the role rule", async () => {
        const { suite, anyArbiter, payment, paymentId } = await withDispute({ arbiter: NOBODY });
        await resolveEvenly(suite, anyArbiter, payment);
        await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(500) });
      });

      it("reverts with AccessManagedUnauthorized for everybody without the role", async () => {
        const { suite, payment } = await withDispute({ arbiter: NOBODY });
        await expectOnly(suite, ["anyArbiter"], "AccessManagedUnauthorized", (by) =>
          resolveEvenly(suite, by, payment),
        );
      });

      for (const who of ["buyer", "seller"] as const) {
        it(`reverts with UnauthorizedCaller for the ${who} who has the role`, async () => {
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
