import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  HOUR,
  NATIVE_COIN,
  NOBODY,
  configure,
  deployEscrow,
  ethers,
  expectOnly,
  expectRefusal,
  expectTotals,
  fund,
  loadFixture,
  networkHelpers,
  usd,
} from "../fixtures/escrow.js";
import { worldWith } from "../fixtures/hostile.js";

const CONFIG = { enabled: true, cap: 5n, approvalThreshold: 4n, outflowLimit: 3n, outflowWindow: 2n };

describe("Escrow tokens", () => {
  itFollows("escrow/tokens.tree");

  describe("a token that returns nothing (USDT)", () => {
    it("is taken in and paid out", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdt, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite, { token: await usdt.getAddress() });
      await expectTotals(suite, usdt, { held: usd(1_000), credits: 0n });
      await expect(escrow.connect(buyer).release(payment, usd(1_000))).to.changeTokenBalances(
        ethers,
        usdt,
        [escrow, seller, feeRecipient],
        [-usd(1_000), usd(990), usd(10)],
      );
    });

    it("becomes a credit when the issuer stops the recipient", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdt, buyer, seller, stranger } = suite;
      const { payment } = await fund(suite, { token: await usdt.getAddress() });
      await usdt.setBlacklisted(seller, true);
      await escrow.connect(buyer).release(payment, usd(1_000));
      await expectTotals(suite, usdt, { held: 0n, credits: usd(990) });
      await expect(escrow.connect(seller).withdrawCredit(usdt, seller, stranger)).to.changeTokenBalance(
        ethers,
        usdt,
        stranger,
        usd(990),
      );
    });
  });

  describe("configureToken", () => {
    it("replaces every limit and tells them", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, admin } = suite;
      await expect(escrow.configureToken(usdc, CONFIG))
        .to.emit(escrow, "TokenConfigured")
        .withArgs(usdc, admin, Object.values(CONFIG));
      expect([...(await escrow.tokenConfig(usdc))]).to.deep.equal(Object.values(CONFIG));
      expect(await escrow.availableOutflow(usdc)).to.equal(3n);
    });

    it("never stops an exit", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer } = suite;
      const { payment } = await fund(suite);
      await configure(escrow, usdc, { enabled: false, cap: 0, outflowLimit: 0, approvalThreshold: 0 });
      await escrow.connect(buyer).release(payment, usd(1_000));
    });

    it("accepts the largest limits there are", async () => {
      const { escrow, usdc } = await loadFixture(deployEscrow);
      const most = {
        enabled: true,
        cap: 2n ** 104n - 1n,
        approvalThreshold: 2n ** 128n - 1n,
        outflowLimit: 2n ** 208n - 1n,
        outflowWindow: 2n ** 48n - 1n,
      };
      await escrow.configureToken(usdc, most);
      expect([...(await escrow.tokenConfig(usdc))]).to.deep.equal(Object.values(most));
    });

    it("can take everything back", async () => {
      const { escrow, usdc } = await loadFixture(deployEscrow);
      const nothing = { enabled: false, cap: 0n, approvalThreshold: 0n, outflowLimit: 0n, outflowWindow: 0n };
      await escrow.configureToken(usdc, nothing);
      expect([...(await escrow.tokenConfig(usdc))]).to.deep.equal(Object.values(nothing));
    });

    it("touches no other token", async () => {
      const { escrow, usdc, usdt } = await loadFixture(deployEscrow);
      const before = await escrow.tokenConfig(usdt);
      await escrow.configureToken(usdc, CONFIG);
      expect(await escrow.tokenConfig(usdt)).to.deep.equal(before);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the configurator", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectOnly(suite, ["admin"], "AccessManagedUnauthorized", (by) =>
        suite.escrow.connect(by).configureToken(suite.usdc, CONFIG),
      );
    });
  });

  describe("tokenConfig", () => {
    it("is all zero for a token that was never configured", async () => {
      const { escrow, stranger } = await loadFixture(deployEscrow);
      expect([...(await escrow.tokenConfig(stranger))]).to.deep.equal([false, 0n, 0n, 0n, 0n]);
    });
  });

  describe("tokenTotals", () => {
    it("is zero for a token that was never paid with", async () => {
      const { escrow, usdt, stranger } = await loadFixture(deployEscrow);
      expect([...(await escrow.tokenTotals(usdt))]).to.deep.equal([0n, 0n]);
      expect([...(await escrow.tokenTotals(stranger))]).to.deep.equal([0n, 0n]);
    });

    it("tells what is held and what is owed, of each token alone", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, usdt, buyer, seller } = suite;
      const { payment } = await fund(suite);
      await fund(suite, { token: await usdt.getAddress(), amount: usd(5) });
      await usdc.setBlacklisted(seller, true);
      await escrow.connect(buyer).release(payment, usd(400));
      await expectTotals(suite, usdc, { held: usd(600), credits: usd(396) });
      await expectTotals(suite, usdt, { held: usd(5), credits: 0n });
    });
  });

  describe("sweepSurplus", () => {
    /** 1,000 held, 990 owed, and 7 that somebody sent by mistake. */
    const withSurplus = async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller } = suite;
      await fund(suite);
      const { payment } = await fund(suite);
      await usdc.setBlacklisted(seller, true);
      await escrow.connect(buyer).release(payment, usd(1_000));
      await usdc.connect(buyer).transfer(escrow, usd(7));
      return { suite, ...suite, sweep: escrow.connect(suite.treasury).sweepSurplus };
    };

    it("moves out what nobody owns", async () => {
      const { suite, escrow, usdc, stranger, treasury, sweep } = await withSurplus();
      const call = sweep(usdc, stranger, usd(7));
      await expect(call).to.emit(escrow, "SurplusSwept").withArgs(usdc, stranger, treasury, usd(7));
      await expect(call).to.changeTokenBalances(ethers, usdc, [escrow, stranger], [-usd(7), usd(7)]);
      await expectTotals(suite, usdc, { held: usd(1_000), credits: usd(990) });
    });

    for (const [what, amount] of [
      ["nothing", 0n],
      ["a unit more", usd(7) + 1n],
      ["the largest number there is", ethers.MaxUint256],
    ] as const) {
      it(`reverts with InsufficientSurplus given ${what}`, async () => {
        const { suite, usdc, stranger, sweep } = await withSurplus();
        const call = sweep(usdc, stranger, amount);
        await expectRefusal(suite, call, "InsufficientSurplus", usdc, amount, usd(7));
      });
    }

    it("leaves what it was not told to move", async () => {
      const { suite, usdc, stranger, sweep } = await withSurplus();
      await sweep(usdc, stranger, usd(7) - 1n);
      await expectRefusal(suite, sweep(usdc, stranger, 2), "InsufficientSurplus", usdc, 2, 1);
      await sweep(usdc, stranger, 1);
    });

    it("reverts with InsufficientSurplus in an escrow that owns less than it owes", async () => {
      const { suite, escrow, token, stranger, treasury } = await worldWith("Rebases");
      await (await ethers.getContractAt("Rebases", token)).rebase(50);
      const call = escrow.connect(treasury).sweepSurplus(token, stranger, 1);
      await expectRefusal(suite, call, "InsufficientSurplus", token, 1, 0);
    });

    it("reverts with BalanceUnknown given a token that does not tell its balance", async () => {
      const { suite, escrow, token, stranger, treasury } = await worldWith("HidesBalance");
      await token.mint(escrow, 1);
      await token.turn(true);
      const call = escrow.connect(treasury).sweepSurplus(token, stranger, 1);
      await expectRefusal(suite, call, "BalanceUnknown", token);
    });

    it("moves the native coin", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, treasury, stranger } = suite;
      await fund(suite, { token: NATIVE_COIN, amount: 5n });
      await networkHelpers.setBalance(await escrow.getAddress(), 8n);
      const sweep = escrow.connect(treasury).sweepSurplus;
      await expectRefusal(suite, sweep(NATIVE_COIN, stranger, 4), "InsufficientSurplus", NATIVE_COIN, 4, 3);
      await expect(sweep(NATIVE_COIN, stranger, 3)).to.changeEtherBalance(ethers, stranger, 3);
    });

    it("reverts with TokenNotEnabled given a token that was never configured, which may be another face of one that was", async () => {
      const { suite, escrow, stranger, sweep } = await withSurplus();
      const unknown = await ethers.deployContract("TestDAI");
      await unknown.mint(escrow, 5);
      await expectRefusal(suite, sweep(unknown, stranger, 5), "TokenNotEnabled", unknown);
      await configure(escrow, unknown, { enabled: false });
      await sweep(unknown, stranger, 5);
      expect(await unknown.balanceOf(stranger)).to.equal(5n);
    });

    it("reverts with CreditPushFailed given nobody as recipient, who would burn the native coin", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, treasury } = suite;
      await networkHelpers.setBalance(await escrow.getAddress(), 3n);
      const call = escrow.connect(treasury).sweepSurplus(NATIVE_COIN, NOBODY, 3);
      await expectRefusal(suite, call, "CreditPushFailed", NATIVE_COIN, NOBODY, 3);
    });

    it("reverts with CreditPushFailed given the escrow itself as recipient", async () => {
      const { suite, escrow, usdc, sweep } = await withSurplus();
      await expectRefusal(suite, sweep(usdc, escrow, 1), "CreditPushFailed", usdc, escrow, 1);
    });

    it("is never paused", async () => {
      const { escrow, usdc, guardian, stranger, sweep } = await withSurplus();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, HOUR, "incident");
      await sweep(usdc, stranger, usd(7));
    });

    it("reverts with CreditPushFailed if the recipient does not accept it", async () => {
      const { suite, usdc, seller, sweep } = await withSurplus();
      await expectRefusal(suite, sweep(usdc, seller, usd(7)), "CreditPushFailed", usdc, seller, usd(7));
    });

    it("reverts with AccessManagedUnauthorized for everybody but the treasury", async () => {
      const { suite, escrow, usdc, stranger } = await withSurplus();
      await expectOnly(suite, ["treasury"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).sweepSurplus(usdc, stranger, 1),
      );
    });
  });
});
