import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  HOUR,
  NATIVE_COIN,
  NOBODY,
  OnDeadline,
  Reason,
  Status,
  at,
  block,
  clear,
  deployEscrow,
  ethers,
  expectOnly,
  expectRefusal,
  expectState,
  expectToWait,
  expectTotals,
  fund,
  loadFixture,
  networkHelpers,
  observing,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { withToken } from "../fixtures/hostile.js";

/** The issuer of the token stopped the seller, so a release made the seller a credit of 990. */
async function withCredit() {
  const suite = await loadFixture(deployEscrow);
  const { escrow, usdc, buyer, seller } = suite;
  const { payment, paymentId } = await fund(suite);
  await usdc.setBlacklisted(seller, true);
  await escrow.connect(buyer).release(payment, usd(1_000));
  return { suite, ...suite, payment, paymentId };
}

/** A payment of native coin whose seller is a contract that misbehaves. */
async function withHostileSeller() {
  const suite = await loadFixture(deployEscrow);
  const recipient = await ethers.deployContract("HostileRecipient");
  const { payment, paymentId } = await fund(suite, {
    token: NATIVE_COIN,
    amount: 10_000n,
    seller: await recipient.getAddress(),
  });
  return { suite, ...suite, recipient, payment, paymentId };
}

const RecipientMode = { Reverts: 1, BurnsGas: 2, RevertBomb: 4 } as const;
const RETURN_BOMB = 3;

describe("Escrow credits", () => {
  itFollows("escrow/credits.tree");

  describe("when a recipient cannot be paid", () => {
    it("owes the recipient, and pays everybody else", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient } = suite;
      const { payment, paymentId } = await fund(suite);
      await usdc.setBlacklisted(seller, true);

      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalances(
        ethers,
        usdc,
        [seller, feeRecipient],
        [0, usd(10)],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
      await expectTotals(suite, usdc, { held: 0n, credits: usd(990) });
      expect(await escrow.creditOf(usdc, seller)).to.equal(usd(990));
    });

    it("tells whom it owes how much", async () => {
      const { suite, escrow, usdc, buyer, seller, paymentId: first } = await withCredit();
      const { payment, paymentId } = await fund(suite);
      expect(paymentId).not.to.equal(first);
      await expect(escrow.connect(buyer).release(payment, usd(100)))
        .to.emit(escrow, "PayoutCredited")
        .withArgs(paymentId, usdc, seller, usd(99), usd(990) + usd(99), Reason.None);
    });

    it("pays the parties when it is the fee recipient", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite);
      await usdc.setBlacklisted(feeRecipient, true);
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalance(
        ethers,
        usdc,
        seller,
        usd(990),
      );
      expect(await escrow.creditOf(usdc, feeRecipient)).to.equal(usd(10));
    });

    it("pays the seller when it is the buyer", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, arbiter } = suite;
      const { payment } = await fund(suite);
      await escrow.connect(buyer).openDispute(payment, ethers.ZeroHash, "");
      await usdc.setBlacklisted(buyer, true);
      await expect(
        escrow.connect(arbiter).resolve(payment, usd(600), usd(400), ethers.ZeroHash),
      ).to.changeTokenBalances(ethers, usdc, [buyer, seller], [0, usd(594)]);
      expect(await escrow.creditOf(usdc, buyer)).to.equal(usd(400));
    });

    for (const [name, mode] of Object.entries(RecipientMode)) {
      it(`owes a contract that ${name}, and pays the fee`, async () => {
        const { suite, escrow, buyer, feeRecipient, recipient, payment } = await withHostileSeller();
        await recipient.setMode(mode);
        await expect(escrow.connect(buyer).release(payment, 10_000)).to.changeEtherBalances(
          ethers,
          [recipient, feeRecipient],
          [0, 100],
        );
        expect(await escrow.creditOf(NATIVE_COIN, recipient)).to.equal(9_900n);
        await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 9_900n });
      });
    }

    it("pays a contract whose answer is huge, without copying it", async () => {
      const { suite, escrow, buyer, recipient, payment } = await withHostileSeller();
      await recipient.setMode(RETURN_BOMB);
      const { gasUsed } = (await (await escrow.connect(buyer).release(payment, 10_000)).wait())!;
      // The answer costs its maker some 200,000; copying it would cost as much again.
      expect(gasUsed).to.be.lessThan(400_000n);
      await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
    });
  });

  describe("withdrawCredit", () => {
    it("pays the whole credit to another address that its owner names", async () => {
      const { suite, escrow, usdc, seller, stranger } = await withCredit();
      const call = () => escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
      expect(await escrow.connect(seller).withdrawCredit.staticCall(usdc, seller, stranger)).to.equal(
        usd(990),
      );
      await expect(call()).to.changeTokenBalances(ethers, usdc, [escrow, stranger], [-usd(990), usd(990)]);
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
      await expectRefusal(suite, call(), "NoCredit", seller, usdc);
    });

    it("tells who got what and that nothing is left", async () => {
      const { escrow, usdc, seller, stranger } = await withCredit();
      await expect(escrow.connect(seller).withdrawCredit(usdc, seller, stranger))
        .to.emit(escrow, "CreditWithdrawn")
        .withArgs(usdc, seller, stranger, seller, usd(990), 0);
    });

    describe("given a token that moves less", () => {
      /** The token moves nine tenths of everything, and owes the seller 99. */
      const withPartialCredit = async () => {
        const { suite, token } = await withToken("MovesLess");
        const { payment } = await fund(suite, { token: await token.getAddress() });
        await token.turn(true);
        await suite.escrow.connect(suite.buyer).release(payment, usd(1_000));
        return { suite, ...suite, token };
      };

      it("pays what the token moves, and owes and tells the rest", async () => {
        const { suite, escrow, token, seller, stranger } = await withPartialCredit();
        const withdraw = escrow.connect(seller).withdrawCredit;
        expect(await withdraw.staticCall(token, seller, stranger)).to.equal(usd(89.1));
        const call = withdraw(token, seller, stranger);
        await expect(call)
          .to.emit(escrow, "CreditWithdrawn")
          .withArgs(token, seller, stranger, seller, usd(89.1), usd(9.9));
        await expect(call).to.changeTokenBalances(ethers, token, [escrow, stranger], [-usd(89.1), usd(89.1)]);
        expect(await escrow.creditOf(token, seller)).to.equal(usd(9.9));
        // The fee recipient is owed its tenth of 10.
        await expectTotals(suite, token, { held: 0n, credits: usd(9.9) + usd(1) });
      });

      it("empties a credit in pieces, and then reverts with NoCredit", async () => {
        const { suite, escrow, token, seller } = await withPartialCredit();
        await escrow.withdrawCredit(token, seller, seller);
        await token.turn(false);
        await escrow.withdrawCredit(token, seller, seller);
        expect(await token.balanceOf(seller)).to.equal(usd(990));
        await expectTotals(suite, token, { held: 0n, credits: usd(1) });
        await expectRefusal(suite, escrow.withdrawCredit(token, seller, seller), "NoCredit", seller, token);
      });
    });

    it("lets anybody bring it to its owner", async () => {
      const { escrow, usdc, seller, stranger } = await withCredit();
      await usdc.setBlacklisted(seller, false);
      await expect(escrow.connect(stranger).withdrawCredit(usdc, seller, seller)).to.changeTokenBalance(
        ethers,
        usdc,
        seller,
        usd(990),
      );
    });

    it("reverts with UnauthorizedCaller for everybody else who wants it elsewhere", async () => {
      const { suite, escrow, usdc, seller } = await withCredit();
      await expectOnly(suite, ["seller"], "UnauthorizedCaller", (by) =>
        escrow.connect(by).withdrawCredit(usdc, seller, by),
      );
    });

    it("reverts with NoCredit given nothing to withdraw", async () => {
      const { suite, escrow, usdc, buyer } = await withCredit();
      await expectRefusal(
        suite,
        escrow.connect(buyer).withdrawCredit(usdc, buyer, buyer),
        "NoCredit",
        buyer,
        usdc,
      );
    });

    it("reverts with CreditPushFailed when the recipient does not accept it, who keeps the credit", async () => {
      const { suite, escrow, usdc, seller } = await withCredit();
      const call = escrow.connect(seller).withdrawCredit(usdc, seller, seller);
      await expectRefusal(suite, call, "CreditPushFailed", usdc, seller, usd(990));
      expect(await escrow.creditOf(usdc, seller)).to.equal(usd(990));
      await expectTotals(suite, usdc, { held: 0n, credits: usd(990) });
    });

    it("reverts with CreditPushFailed given the escrow itself as recipient", async () => {
      const { suite, escrow, usdc, seller } = await withCredit();
      const call = escrow.connect(seller).withdrawCredit(usdc, seller, escrow);
      await expectRefusal(suite, call, "CreditPushFailed", usdc, escrow, usd(990));
    });

    it("works for a contract that owns one", async () => {
      const { escrow, buyer, stranger, recipient, payment } = await withHostileSeller();
      await recipient.setMode(RecipientMode.Reverts);
      await escrow.connect(buyer).release(payment, 10_000);
      const data = escrow.interface.encodeFunctionData("withdrawCredit", [
        NATIVE_COIN,
        await recipient.getAddress(),
        stranger.address,
      ]);
      await expect(recipient.connect(buyer).execute(escrow, data)).to.changeEtherBalance(
        ethers,
        stranger,
        9_900,
      );
    });

    it("works for a token whose deposits are off", async () => {
      const { escrow, usdc, seller, stranger } = await withCredit();
      await escrow.configureToken(usdc, {
        enabled: false,
        cap: 0,
        approvalThreshold: 0,
        outflowLimit: 0,
        outflowWindow: 0,
      });
      await escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
    });

    it("reverts with CreditPushFailed given nobody as recipient of a token", async () => {
      const { suite, escrow, usdc, seller } = await withCredit();
      const call = escrow.connect(seller).withdrawCredit(usdc, seller, NOBODY);
      await expectRefusal(suite, call, "CreditPushFailed", usdc, NOBODY, usd(990));
    });

    it("reverts with CreditPushFailed given nobody as recipient of the native coin, which would burn it", async () => {
      const { suite, escrow, buyer, recipient, payment } = await withHostileSeller();
      await recipient.setMode(RecipientMode.Reverts);
      await escrow.connect(buyer).release(payment, 10_000);
      const seller = await ethers.getImpersonatedSigner(await recipient.getAddress());
      await networkHelpers.setBalance(seller.address, ethers.parseEther("1"));
      const call = escrow.connect(seller).withdrawCredit(NATIVE_COIN, seller, NOBODY);
      await expectRefusal(suite, call, "CreditPushFailed", NATIVE_COIN, NOBODY, 9_900);
    });

    it("pays what several payments owe at once", async () => {
      const { suite, escrow, usdc, buyer, seller, stranger } = await withCredit();
      const { payment } = await fund(suite);
      await escrow.connect(buyer).release(payment, usd(100));
      await expect(escrow.connect(seller).withdrawCredit(usdc, seller, stranger)).to.changeTokenBalance(
        ethers,
        usdc,
        stranger,
        usd(990) + usd(99),
      );
    });

    it("reverts with EnforcedPause until a pause of exits ends", async () => {
      const { suite, escrow, usdc, seller, stranger } = await withCredit();
      await expectToWait(suite, Bit.EXITS, () =>
        escrow.connect(seller).withdrawCredit(usdc, seller, stranger),
      );
    });

    it("goes on while deposits and payouts are paused", async () => {
      const { escrow, usdc, seller, stranger, guardian } = await withCredit();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS, HOUR, "incident");
      await escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
    });

    describe("given a blocked account", () => {
      it("reverts with NotCompliant, given its owner", async () => {
        const { suite, escrow, usdc, seller, stranger } = await withCredit();
        await block(suite, seller);
        const call = escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
        await expectRefusal(suite, call, "NotCompliant", seller, Reason.Blocked);
      });

      it("reverts with NotCompliant, given the recipient", async () => {
        const { suite, escrow, usdc, seller, stranger } = await withCredit();
        await block(suite, stranger);
        const call = escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
        await expectRefusal(suite, call, "NotCompliant", stranger, Reason.Blocked);
      });

      it("pays, given who brings it to its owner", async () => {
        const { suite, escrow, usdc, seller, stranger } = await withCredit();
        await usdc.setBlacklisted(seller, false);
        await block(suite, stranger);
        await escrow.connect(stranger).withdrawCredit(usdc, seller, seller);
        expect(await usdc.balanceOf(seller)).to.equal(usd(990));
      });

      it("pays, given a policy that observes", async () => {
        const { suite, escrow, usdc, registry, seller, stranger } = await withCredit();
        await registry.setPolicy(observing);
        await block(suite, seller, stranger);
        await escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
        expect(await usdc.balanceOf(stranger)).to.equal(usd(990));
      });
    });
  });

  describe("creditOf", () => {
    it("is zero for who is owed nothing", async () => {
      const { escrow, usdc, usdt, buyer, seller } = await withCredit();
      expect(await escrow.creditOf(usdt, seller)).to.equal(0n);
      expect(await escrow.creditOf(usdc, buyer)).to.equal(0n);
      expect(await escrow.creditOf(usdc, NOBODY)).to.equal(0n);
    });

    it("is what could not be paid, until it is withdrawn", async () => {
      const { escrow, usdc, seller, stranger } = await withCredit();
      expect(await escrow.creditOf(usdc, seller)).to.equal(usd(990));
      await escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
      expect(await escrow.creditOf(usdc, seller)).to.equal(0n);
    });
  });

  describe("when compliance blocked the recipient", () => {
    /** The deadline pays a seller who was blocked after the deposit. */
    const withFrozenCredit = async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment, paymentId } = await fund(suite, { onDeadline: OnDeadline.Release });
      await block(suite, suite.seller);
      await at(payment.deadline);
      const claimed = suite.escrow.claim(payment);
      await claimed;
      return { suite, ...suite, paymentId, claimed };
    };

    it("owes the recipient and tells why", async () => {
      const { escrow, usdc, seller, paymentId, claimed } = await withFrozenCredit();
      await expect(claimed)
        .to.emit(escrow, "PayoutCredited")
        .withArgs(paymentId, usdc, seller, usd(990), usd(990), Reason.Blocked);
    });

    it("reverts a withdrawal with NotCompliant while that lasts", async () => {
      const { suite, escrow, usdc, seller, stranger } = await withFrozenCredit();
      const call = (to: Suite["seller"]) => escrow.connect(seller).withdrawCredit(usdc, seller, to);
      await expectRefusal(suite, call(stranger), "NotCompliant", seller, Reason.Blocked);
      await expectRefusal(suite, call(seller), "NotCompliant", seller, Reason.Blocked);
    });

    it("pays once it is lifted", async () => {
      const { suite, escrow, usdc, seller } = await withFrozenCredit();
      await clear(suite, seller);
      await expect(escrow.withdrawCredit(usdc, seller, seller)).to.changeTokenBalance(
        ethers,
        usdc,
        seller,
        usd(990),
      );
    });
  });
});
