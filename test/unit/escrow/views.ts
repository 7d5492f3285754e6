import { expect } from "chai";

import { paymentIdOf, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  DAY,
  Flag,
  HOUR,
  NOBODY,
  OnDeadline,
  Status,
  at,
  deployEscrow,
  ethers,
  expectState,
  fund,
  fundAndDispute,
  loadFixture,
  termsOf,
  usd,
} from "../fixtures/escrow.js";

const UNKNOWN = ethers.id("no such payment");

const withDispute = async (changes: Partial<Payment> = {}) => {
  const suite = await loadFixture(deployEscrow);
  return { suite, ...suite, ...(await fundAndDispute(suite, changes)) };
};

describe("Escrow views", () => {
  itFollows("escrow/views.tree");

  describe("hashPayment", () => {
    it("is what a wallet hashes under the escrow's domain", async () => {
      const suite = await loadFixture(deployEscrow);
      const payment = await termsOf(suite);
      expect(await suite.escrow.hashPayment(payment)).to.equal(paymentIdOf(suite.domain, payment));
    });

    it("is another one given any other term", async () => {
      const suite = await loadFixture(deployEscrow);
      const payment = await termsOf(suite);
      const other: Payment = {
        buyer: suite.stranger.address,
        seller: suite.stranger.address,
        token: await suite.usdt.getAddress(),
        amount: payment.amount + 1n,
        deadline: payment.deadline + 1n,
        onDeadline: OnDeadline.Refund,
        arbiter: NOBODY,
        disputeWindow: payment.disputeWindow + 1n,
        feeBps: payment.feeBps + 1n,
        feeRecipient: suite.stranger.address,
        paymentReference: UNKNOWN,
      };
      const variants = Object.entries(other).map(([term, value]) => ({
        ...payment,
        [term]: value as unknown,
      }));
      const ids = await Promise.all(variants.map((terms) => suite.escrow.hashPayment(terms)));
      expect(new Set([...ids, await suite.escrow.hashPayment(payment)]).size).to.equal(12);
    });

    it("is told of terms that no deposit could have", async () => {
      const suite = await loadFixture(deployEscrow);
      const payment = await termsOf(suite, { buyer: NOBODY, seller: NOBODY, amount: ethers.MaxUint256 });
      expect(await suite.escrow.hashPayment(payment)).to.equal(paymentIdOf(suite.domain, payment));
    });
  });

  describe("paymentState", () => {
    it("is all zero for an unknown payment", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectState(suite, UNKNOWN, { status: Status.None, held: 0n, released: 0n });
    });

    it("tells what is held and released, and every flag", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer, seller, officer } = suite;
      const { payment, paymentId } = await fund(suite);
      await escrow.connect(buyer).release(payment, usd(400));
      await escrow.connect(seller).refund(payment, usd(100));
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(500), released: usd(400) });
      const disputedAt = suite.startedAt + HOUR;
      await at(disputedAt);
      await escrow.connect(seller).openDispute(payment, ethers.ZeroHash, "");
      await escrow.connect(officer).hold(paymentId, "");
      await expectState(suite, paymentId, {
        status: Status.Disputed,
        flags: Flag.OnHold | Flag.OpenedBySeller,
        disputedAt,
        held: usd(500),
        released: usd(400),
      });
    });
  });

  describe("paymentStates", () => {
    it("answers in the order asked, with zeros for what does not exist", async () => {
      const suite = await loadFixture(deployEscrow);
      const { paymentId: funded } = await fund(suite);
      const { paymentId: disputed } = await fundAndDispute(suite, { deadline: suite.startedAt + 9n * DAY });
      const states = await suite.escrow.paymentStates([disputed, UNKNOWN, funded, disputed]);
      const { Disputed, None, Funded } = Status;
      expect(states.map(({ status }) => status)).to.deep.equal([Disputed, None, Funded, Disputed]);
      expect(states[2]).to.deep.equal(await suite.escrow.paymentState(funded));
    });

    it("answers nothing when asked for nothing", async () => {
      const { escrow } = await loadFixture(deployEscrow);
      expect(await escrow.paymentStates([])).to.deep.equal([]);
    });
  });

  describe("claimableAt", () => {
    it("is the deadline of a payment that was not deposited", async () => {
      const suite = await loadFixture(deployEscrow);
      const payment = await termsOf(suite);
      expect(await suite.escrow.claimableAt(payment)).to.equal(payment.deadline);
    });

    it("is the deadline of a funded payment", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fund(suite);
      expect(await suite.escrow.claimableAt(payment)).to.equal(payment.deadline);
    });

    it("is a window after the deadline of a disputed payment, whenever the dispute was opened", async () => {
      const { escrow, payment } = await withDispute();
      expect(await escrow.claimableAt(payment)).to.equal(payment.deadline + payment.disputeWindow);
    });

    it("is the deadline again once the dispute is withdrawn", async () => {
      const { escrow, buyer, payment } = await withDispute();
      await escrow.connect(buyer).withdrawDispute(payment);
      expect(await escrow.claimableAt(payment)).to.equal(payment.deadline);
    });

    for (const [when, offset, later] of [
      ["a second before the deadline", -1n, 0n],
      ["at the deadline", 0n, 0n],
      ["a second after the deadline", 1n, 1n],
    ] as const) {
      it(`is a window after the later of the deadline and the end of a hold, given one that ends ${when}`, async () => {
        const { escrow, officer, payment, paymentId } = await withDispute();
        await escrow.connect(officer).hold(paymentId, "");
        await at(payment.deadline + offset);
        await escrow.connect(officer).unhold(paymentId, "");
        const expected = payment.deadline + later + payment.disputeWindow;
        expect(await escrow.claimableAt(payment)).to.equal(expected);
      });
    }

    it("is not changed by a hold of a payment that nobody disputes", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment, paymentId } = await fund(suite);
      await suite.escrow.connect(suite.officer).hold(paymentId, "");
      await at(payment.deadline + DAY);
      await suite.escrow.connect(suite.officer).unhold(paymentId, "");
      expect(await suite.escrow.claimableAt(payment)).to.equal(payment.deadline);
    });

    it("can be as late as terms can say", async () => {
      const [deadline, disputeWindow] = [
        (await loadFixture(deployEscrow)).startedAt + 5n * 365n * DAY,
        180n * DAY,
      ];
      const { escrow, payment } = await withDispute({ deadline, disputeWindow });
      expect(await escrow.claimableAt(payment)).to.equal(deadline + disputeWindow);
    });
  });
});
