import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import { paymentIdOf, type Payment } from "../../../scripts/lib/signing.js";
import {
  Bit,
  CAP,
  DAY,
  HOUR,
  NATIVE_COIN,
  NOBODY,
  Status,
  at,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  loadFixture,
  termsOf,
  time,
  usd,
} from "../fixtures/escrow.js";

const YEAR = 365n * DAY;

/** The suite, and a deposit by its buyer of terms with the changes given. */
async function withDeposit() {
  const suite = await loadFixture(deployEscrow);
  const deposit = async (changes: Partial<Payment>, overrides = {}) =>
    suite.escrow.connect(suite.buyer).deposit(await termsOf(suite, changes), overrides);
  return { suite, ...suite, deposit };
}

describe("Escrow deposit", () => {
  itFollows("escrow/deposit.tree");

  describe("when the buyer deposits a token", () => {
    it("takes exactly the amount from the buyer", async () => {
      const { escrow, buyer, usdc, deposit } = await withDeposit();
      await expect(deposit({})).to.changeTokenBalances(
        ethers,
        usdc,
        [buyer, escrow],
        [-usd(1_000), usd(1_000)],
      );
    });

    it("tells every term", async () => {
      const { suite, escrow, buyer, domain } = await withDeposit();
      const payment = await termsOf(suite);
      await expect(escrow.connect(buyer).deposit(payment))
        .to.emit(escrow, "PaymentCreated")
        .withArgs(
          paymentIdOf(domain, payment),
          payment.buyer,
          payment.seller,
          payment.token,
          payment.amount,
          payment.deadline,
          payment.onDeadline,
          payment.arbiter,
          payment.disputeWindow,
          payment.feeBps,
          payment.feeRecipient,
          payment.paymentReference,
        );
    });

    it("stores that all of it is held and nothing released", async () => {
      const { suite, usdc } = await withDeposit();
      const { paymentId } = await fund(suite);
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(1_000), released: 0n });
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("returns the EIP-712 digest of the terms", async () => {
      const { suite, escrow, buyer, domain } = await withDeposit();
      const payment = await termsOf(suite);
      expect(await escrow.connect(buyer).deposit.staticCall(payment)).to.equal(paymentIdOf(domain, payment));
      expect(await escrow.hashPayment(payment)).to.equal(paymentIdOf(domain, payment));
    });

    it("adds to what is held for others", async () => {
      const { suite, usdc } = await withDeposit();
      await fund(suite);
      await fund(suite, { amount: usd(5) });
      await expectTotals(suite, usdc, { held: usd(1_005), credits: 0n });
    });

    it("is repeated with another reference only", async () => {
      const { suite, escrow, buyer } = await withDeposit();
      const { payment, paymentId } = await fund(suite);
      await expectRefusal(suite, escrow.connect(buyer).deposit(payment), "PaymentAlreadyExists", paymentId);
      await fund(suite, { paymentReference: ethers.id("another") });
    });

    it("is not repeated after it was closed either", async () => {
      const { suite, escrow, buyer } = await withDeposit();
      const { payment, paymentId } = await fund(suite);
      await escrow.connect(buyer).release(payment, payment.amount);
      await expectRefusal(suite, escrow.connect(buyer).deposit(payment), "PaymentAlreadyExists", paymentId);
    });

    it("reverts given the native coin as well", async () => {
      const { suite, deposit } = await withDeposit();
      await expectRefusal(suite, deposit({}, { value: 1 }), "InvalidValue", 1, 0);
    });

    it("reverts given too small an allowance", async () => {
      const { suite, escrow, buyer, usdc } = await withDeposit();
      await usdc.connect(buyer).approve(escrow, usd(999));
      await expect(escrow.connect(buyer).deposit(await termsOf(suite)))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(escrow, usd(999), usd(1_000));
    });
  });

  describe("when the buyer deposits the native coin", () => {
    it("takes the value", async () => {
      const { suite, escrow, buyer, deposit } = await withDeposit();
      await expect(deposit({ token: NATIVE_COIN, amount: 7n }, { value: 7 })).to.changeEtherBalances(
        ethers,
        [buyer, escrow],
        [-7, 7],
      );
      await expectTotals(suite, NATIVE_COIN, { held: 7n, credits: 0n });
    });

    for (const value of [0n, 6n, 8n]) {
      it(`reverts given ${value} for 7`, async () => {
        const { suite, deposit } = await withDeposit();
        await expectRefusal(
          suite,
          deposit({ token: NATIVE_COIN, amount: 7n }, { value }),
          "InvalidValue",
          value,
          7,
        );
      });
    }
  });

  describe("when somebody else calls", () => {
    for (const who of ["seller", "operator", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow } = await withDeposit();
        const call = escrow.connect(suite[who]).deposit(await termsOf(suite));
        await expectRefusal(suite, call, "UnauthorizedCaller", suite[who].address);
      });
    }
  });

  describe("parties", () => {
    const terms = async () => {
      const { suite, ...rest } = await withDeposit();
      const [buyer, seller, arbiter] = [suite.buyer.address, suite.seller.address, suite.arbiter.address];
      return { suite, ...rest, buyer, seller, arbiter, self: await suite.escrow.getAddress() };
    };

    it("accepts nobody as arbiter", async () => {
      const { suite, escrow } = await terms();
      const { paymentId } = await fund(suite, { arbiter: NOBODY });
      expect((await escrow.paymentState(paymentId)).status).to.equal(Status.Funded);
    });

    it("reverts given nobody as seller", async () => {
      const { suite, deposit, buyer, arbiter } = await terms();
      await expectRefusal(suite, deposit({ seller: NOBODY }), "InvalidParties", buyer, NOBODY, arbiter);
    });

    it("reverts given the buyer as seller", async () => {
      const { suite, deposit, buyer, arbiter } = await terms();
      await expectRefusal(suite, deposit({ seller: buyer }), "InvalidParties", buyer, buyer, arbiter);
    });

    it("reverts given the escrow as seller", async () => {
      const { suite, deposit, buyer, arbiter, self } = await terms();
      await expectRefusal(suite, deposit({ seller: self }), "InvalidParties", buyer, self, arbiter);
    });

    it("reverts given the buyer as arbiter", async () => {
      const { suite, deposit, buyer, seller } = await terms();
      await expectRefusal(suite, deposit({ arbiter: buyer }), "InvalidParties", buyer, seller, buyer);
    });

    it("reverts given the seller as arbiter", async () => {
      const { suite, deposit, buyer, seller } = await terms();
      await expectRefusal(suite, deposit({ arbiter: seller }), "InvalidParties", buyer, seller, seller);
    });

    it("reverts given the escrow as arbiter, which could never rule", async () => {
      const { suite, deposit, buyer, seller, self } = await terms();
      await expectRefusal(suite, deposit({ arbiter: self }), "InvalidParties", buyer, seller, self);
    });

    it("reverts given nobody or the escrow as buyer, whoever signed", async () => {
      const { suite, escrow, stranger, seller, arbiter, self } = await terms();
      for (const buyer of [NOBODY, self]) {
        const payment = await termsOf(suite, { buyer });
        const call = escrow.connect(stranger).depositWithAuthorization(payment, 0, 0, "0x");
        await expectRefusal(suite, call, "InvalidParties", buyer, seller, arbiter);
      }
    });
  });

  describe("fee", () => {
    it("accepts none, and a tenth", async () => {
      const { suite } = await withDeposit();
      await fund(suite, { feeBps: 0n, feeRecipient: NOBODY });
      await fund(suite, { feeBps: 1_000n });
    });

    it("reverts given more than a tenth", async () => {
      const { suite, deposit, feeRecipient } = await withDeposit();
      await expectRefusal(
        suite,
        deposit({ feeBps: 1_001n }),
        "InvalidFee",
        1_001,
        1_000,
        feeRecipient.address,
      );
    });

    it("reverts given a fee for nobody", async () => {
      const { suite, deposit } = await withDeposit();
      await expectRefusal(suite, deposit({ feeRecipient: NOBODY }), "InvalidFee", 100, 1_000, NOBODY);
    });

    it("reverts given a recipient of no fee", async () => {
      const { suite, deposit, feeRecipient } = await withDeposit();
      await expectRefusal(suite, deposit({ feeBps: 0n }), "InvalidFee", 0, 1_000, feeRecipient.address);
    });

    it("reverts given the escrow as recipient", async () => {
      const { suite, escrow, deposit } = await withDeposit();
      const feeRecipient = await escrow.getAddress();
      await expectRefusal(suite, deposit({ feeRecipient }), "InvalidFee", 100, 1_000, feeRecipient);
    });
  });

  describe("deadline", () => {
    for (const [title, seconds, accepted] of [
      ["reverts given this very second", 0n, false],
      ["accepts the next second", 1n, true],
      ["accepts five years from now", 5n * YEAR, true],
      ["reverts given a second more than five years from now", 5n * YEAR + 1n, false],
    ] as const) {
      it(title, async () => {
        const { suite, deposit } = await withDeposit();
        const now = BigInt(await time.latest()) + HOUR;
        await at(now);
        const call = deposit({ deadline: now + seconds });
        if (accepted) await call;
        else await expectRefusal(suite, call, "InvalidDeadline", now + seconds, now + 1n, now + 5n * YEAR);
      });
    }
  });

  describe("dispute window", () => {
    for (const [title, disputeWindow, accepted] of [
      ["reverts given a second less than an hour", HOUR - 1n, false],
      ["accepts an hour", HOUR, true],
      ["accepts 180 days", 180n * DAY, true],
      ["reverts given a second more than 180 days", 180n * DAY + 1n, false],
    ] as const) {
      it(title, async () => {
        const { suite, deposit } = await withDeposit();
        const call = deposit({ disputeWindow });
        if (accepted) await call;
        else await expectRefusal(suite, call, "InvalidDisputeWindow", disputeWindow, HOUR, 180n * DAY);
      });
    }
  });

  describe("amount", () => {
    it("reverts given zero", async () => {
      const { suite, deposit } = await withDeposit();
      await expectRefusal(suite, deposit({ amount: 0n }), "InvalidAmount", 0, CAP);
    });

    it("accepts what the cap leaves, to the last unit", async () => {
      const { suite, escrow, usdc } = await withDeposit();
      await configure(escrow, usdc, { cap: usd(1_500) });
      await fund(suite);
      await fund(suite, { amount: usd(500) });
      await expectTotals(suite, usdc, { held: usd(1_500), credits: 0n });
    });

    it("reverts given a unit more than the cap leaves", async () => {
      const { suite, escrow, usdc, deposit } = await withDeposit();
      await configure(escrow, usdc, { cap: usd(1_500) });
      await fund(suite);
      const call = deposit({ amount: usd(500) + 1n });
      await expectRefusal(suite, call, "CapExceeded", await usdc.getAddress(), usd(500) + 1n, usd(500));
    });

    it("reverts given a cap below what is held already", async () => {
      const { suite, escrow, usdc, deposit } = await withDeposit();
      await fund(suite);
      await configure(escrow, usdc, { cap: usd(10) });
      await expectRefusal(suite, deposit({ amount: 1n }), "CapExceeded", await usdc.getAddress(), 1, 0);
    });

    it("reverts given more than a slot can hold", async () => {
      const { suite, deposit } = await withDeposit();
      const amount = 2n ** 200n;
      await expectRefusal(
        suite,
        deposit({ amount }),
        "CapExceeded",
        await suite.usdc.getAddress(),
        amount,
        CAP,
      );
    });
  });

  describe("token", () => {
    it("reverts given one that was never allow-listed", async () => {
      const { suite, deposit, stranger } = await withDeposit();
      await expectRefusal(suite, deposit({ token: stranger.address }), "TokenNotEnabled", stranger.address);
    });

    it("reverts given one whose deposits are off", async () => {
      const { suite, escrow, usdc, deposit } = await withDeposit();
      await configure(escrow, usdc, { enabled: false });
      await expectRefusal(suite, deposit({}), "TokenNotEnabled", await usdc.getAddress());
    });
  });

  describe("when deposits are paused", () => {
    it("reverts until the pause ends", async () => {
      const { suite, escrow, guardian, deposit } = await withDeposit();
      await escrow.connect(guardian).pause(Bit.DEPOSITS, HOUR, "incident");
      const until = await escrow.pausedUntil(Bit.DEPOSITS);

      await at(until - 1n);
      await expectRefusal(suite, deposit({}), "EnforcedPause", Bit.DEPOSITS, until);
      await at(until);
      await deposit({});
    });

    it("goes on while only payouts and exits are", async () => {
      const { escrow, guardian, deposit } = await withDeposit();
      await escrow.connect(guardian).pause(Bit.PAYOUTS | Bit.EXITS, HOUR, "incident");
      await deposit({});
    });
  });
});
