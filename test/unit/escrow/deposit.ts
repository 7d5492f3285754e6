import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import { paymentIdOf, type Payment } from "../../../scripts/lib/signing.js";
import { NO_PERMIT } from "../fixtures/deposits.js";
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
  expectOnly,
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
    it("stores that all of it is held and nothing released", async () => {
      const { suite, usdc } = await withDeposit();
      const { paymentId } = await fund(suite);
      await expectState(suite, paymentId, { status: Status.Funded, held: usd(1_000), released: 0n });
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("returns the paymentId", async () => {
      const { suite, escrow, buyer, domain } = await withDeposit();
      const payment = await termsOf(suite);
      expect(await escrow.connect(buyer).deposit.staticCall(payment)).to.equal(paymentIdOf(domain, payment));
    });

    it("adds to what is held for others", async () => {
      const { suite, usdc } = await withDeposit();
      await fund(suite);
      await fund(suite, { amount: usd(5) });
      await expectTotals(suite, usdc, { held: usd(1_005), credits: 0n });
    });

    it("reverts with PaymentAlreadyExists given the same terms again, not given another reference", async () => {
      const { suite, escrow, buyer } = await withDeposit();
      const { payment, paymentId } = await fund(suite);
      await expectRefusal(suite, escrow.connect(buyer).deposit(payment), "PaymentAlreadyExists", paymentId);
      await fund(suite, { paymentReference: ethers.id("another") });
    });

    it("reverts with PaymentAlreadyExists given the terms of a closed payment", async () => {
      const { suite, escrow, buyer } = await withDeposit();
      const { payment, paymentId } = await fund(suite);
      await escrow.connect(buyer).release(payment, payment.amount);
      await expectRefusal(suite, escrow.connect(buyer).deposit(payment), "PaymentAlreadyExists", paymentId);
    });

    it("reverts with InvalidValue given the native coin as well", async () => {
      const { suite, deposit } = await withDeposit();
      await expectRefusal(suite, deposit({}, { value: 1 }), "InvalidValue", 1, 0);
    });

    it("accepts an allowance and a balance of exactly the amount", async () => {
      const { suite, escrow, usdc, buyer, stranger } = await withDeposit();
      await usdc.connect(buyer).approve(escrow, usd(1_000));
      await usdc.connect(buyer).transfer(stranger, usd(999_000));
      await fund(suite);
      expect(await usdc.balanceOf(buyer)).to.equal(0n);
    });

    it("reverts with ERC20InsufficientAllowance given a unit less", async () => {
      const { escrow, buyer, usdc, deposit } = await withDeposit();
      await usdc.connect(buyer).approve(escrow, usd(1_000) - 1n);
      await expect(deposit({}))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(escrow, usd(1_000) - 1n, usd(1_000));
    });

    it("reverts with ERC20InsufficientBalance given a buyer who has a unit less", async () => {
      const { buyer, stranger, usdc, deposit } = await withDeposit();
      await usdc.connect(buyer).transfer(stranger, usd(999_000) + 1n);
      await expect(deposit({}))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(buyer, usd(1_000) - 1n, usd(1_000));
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
      it(`reverts with InvalidValue given ${value} for 7`, async () => {
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
    for (const name of ["deposit", "depositWithPermit"] as const) {
      describe(name, () => {
        it("reverts with UnauthorizedCaller for everybody but the buyer", async () => {
          const { suite, escrow } = await withDeposit();
          const payment = await termsOf(suite);
          await expectOnly(suite, ["buyer"], "UnauthorizedCaller", (by) =>
            name === "deposit"
              ? escrow.connect(by).deposit(payment)
              : escrow.connect(by).depositWithPermit(payment, ...NO_PERMIT),
          );
        });
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

    it("reverts with InvalidParties given nobody as seller", async () => {
      const { suite, deposit, buyer, arbiter } = await terms();
      await expectRefusal(suite, deposit({ seller: NOBODY }), "InvalidParties", buyer, NOBODY, arbiter);
    });

    it("reverts with InvalidParties given the buyer as seller", async () => {
      const { suite, deposit, buyer, arbiter } = await terms();
      await expectRefusal(suite, deposit({ seller: buyer }), "InvalidParties", buyer, buyer, arbiter);
    });

    it("reverts with InvalidParties given the escrow as seller", async () => {
      const { suite, deposit, buyer, arbiter, self } = await terms();
      await expectRefusal(suite, deposit({ seller: self }), "InvalidParties", buyer, self, arbiter);
    });

    it("reverts with InvalidParties given the buyer as arbiter", async () => {
      const { suite, deposit, buyer, seller } = await terms();
      await expectRefusal(suite, deposit({ arbiter: buyer }), "InvalidParties", buyer, seller, buyer);
    });

    it("reverts with InvalidParties given the seller as arbiter", async () => {
      const { suite, deposit, buyer, seller } = await terms();
      await expectRefusal(suite, deposit({ arbiter: seller }), "InvalidParties", buyer, seller, seller);
    });

    it("reverts with InvalidParties given the escrow as arbiter, which could never rule", async () => {
      const { suite, deposit, buyer, seller, self } = await terms();
      await expectRefusal(suite, deposit({ arbiter: self }), "InvalidParties", buyer, seller, self);
    });

    it("reverts with InvalidParties given nobody or the escrow as buyer, whoever signed", async () => {
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

    it("reverts with InvalidFee given more than a tenth", async () => {
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

    it("reverts with InvalidFee given a fee for nobody", async () => {
      const { suite, deposit } = await withDeposit();
      await expectRefusal(suite, deposit({ feeRecipient: NOBODY }), "InvalidFee", 100, 1_000, NOBODY);
    });

    it("reverts with InvalidFee given a recipient of no fee", async () => {
      const { suite, deposit, feeRecipient } = await withDeposit();
      await expectRefusal(suite, deposit({ feeBps: 0n }), "InvalidFee", 0, 1_000, feeRecipient.address);
    });

    it("reverts with InvalidFee given the escrow as recipient", async () => {
      const { suite, escrow, deposit } = await withDeposit();
      const feeRecipient = await escrow.getAddress();
      await expectRefusal(suite, deposit({ feeRecipient }), "InvalidFee", 100, 1_000, feeRecipient);
    });
  });

  describe("deadline", () => {
    for (const [title, seconds, accepted] of [
      ["reverts with InvalidDeadline given a second ago", -1n, false],
      ["reverts with InvalidDeadline given this very second", 0n, false],
      ["accepts the next second", 1n, true],
      ["accepts five years from now", 5n * YEAR, true],
      ["reverts with InvalidDeadline given a second more than five years from now", 5n * YEAR + 1n, false],
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
      ["reverts with InvalidDisputeWindow given none", 0n, false],
      ["reverts with InvalidDisputeWindow given a second less than an hour", HOUR - 1n, false],
      ["accepts an hour", HOUR, true],
      ["accepts 180 days", 180n * DAY, true],
      ["reverts with InvalidDisputeWindow given a second more than 180 days", 180n * DAY + 1n, false],
      ["reverts with InvalidDisputeWindow given as long as it can say", 2n ** 32n - 1n, false],
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
    it("accepts one unit", async () => {
      const { suite, usdc } = await withDeposit();
      await fund(suite, { amount: 1n });
      await expectTotals(suite, usdc, { held: 1n, credits: 0n });
    });

    it("reverts with InvalidAmount given zero", async () => {
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

    it("reverts with CapExceeded given a unit more than the cap leaves", async () => {
      const { suite, escrow, usdc, deposit } = await withDeposit();
      await configure(escrow, usdc, { cap: usd(1_500) });
      await fund(suite);
      const call = deposit({ amount: usd(500) + 1n });
      await expectRefusal(suite, call, "CapExceeded", await usdc.getAddress(), usd(500) + 1n, usd(500));
    });

    it("reverts with CapExceeded given a cap below what is held already", async () => {
      const { suite, escrow, usdc, deposit } = await withDeposit();
      await fund(suite);
      await configure(escrow, usdc, { cap: usd(10) });
      await expectRefusal(suite, deposit({ amount: 1n }), "CapExceeded", await usdc.getAddress(), 1, 0);
    });

    it("accepts as much as a slot can hold, and pays it out", async () => {
      const { suite, escrow, usdc, buyer, seller, feeRecipient } = await withDeposit();
      const most = 2n ** 104n - 1n;
      await configure(escrow, usdc, { cap: most });
      await usdc.mint(buyer, most);
      const { payment, paymentId } = await fund(suite, { amount: most, feeBps: 1_000n });
      await expectState(suite, paymentId, { status: Status.Funded, held: most, released: 0n });
      await escrow.connect(buyer).release(payment, most);
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: most });
      expect(await usdc.balanceOf(feeRecipient)).to.equal(most / 10n);
      expect(await usdc.balanceOf(seller)).to.equal(most - most / 10n);
    });

    for (const [what, amount] of [
      ["a unit more than a slot can hold", 2n ** 104n],
      ["the largest number there is", ethers.MaxUint256],
    ] as const) {
      it(`reverts with CapExceeded given ${what}`, async () => {
        const { suite, escrow, usdc, deposit } = await withDeposit();
        const cap = 2n ** 104n - 1n;
        await configure(escrow, usdc, { cap });
        const call = deposit({ amount });
        await expectRefusal(suite, call, "CapExceeded", usdc, amount, cap);
      });
    }
  });

  describe("token", () => {
    it("reverts with TokenNotEnabled given one that was never allow-listed", async () => {
      const { suite, deposit, stranger } = await withDeposit();
      await expectRefusal(suite, deposit({ token: stranger.address }), "TokenNotEnabled", stranger.address);
    });
  });

  describe("when deposits are paused", () => {
    it("goes on while only payouts and exits are", async () => {
      const { escrow, guardian, deposit } = await withDeposit();
      await escrow.connect(guardian).pause(Bit.PAYOUTS | Bit.EXITS, HOUR, "incident");
      await deposit({});
    });
  });
});
