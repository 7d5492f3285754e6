import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  NATIVE_COIN,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  expectUnauthorized,
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

    for (const who of ["guardian", "operator", "treasury", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const call = suite.escrow.connect(suite[who]).configureToken(suite.usdc, CONFIG);
        await expectUnauthorized(suite, call, suite[who]);
      });
    }
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

    it("reverts given a unit more, or nothing", async () => {
      const { suite, usdc, stranger, sweep } = await withSurplus();
      for (const amount of [usd(7) + 1n, 0n]) {
        await expectRefusal(
          suite,
          sweep(usdc, stranger, amount),
          "InsufficientSurplus",
          usdc,
          amount,
          usd(7),
        );
      }
    });

    it("finds no surplus in an escrow that owns less than it owes", async () => {
      const { suite, escrow, token, stranger, treasury } = await worldWith("Rebases");
      await (await ethers.getContractAt("Rebases", token)).rebase(50);
      const call = escrow.connect(treasury).sweepSurplus(token, stranger, 1);
      await expectRefusal(suite, call, "InsufficientSurplus", token, 1, 0);
    });

    it("finds no surplus of a token that does not tell its balance", async () => {
      const { suite, escrow, token, stranger, treasury } = await worldWith("HidesBalance");
      await token.mint(escrow, 1);
      await token.turn(true);
      const call = escrow.connect(treasury).sweepSurplus(token, stranger, 1);
      await expectRefusal(suite, call, "InsufficientSurplus", token, 1, 0);
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

    it("reverts if the recipient does not accept it", async () => {
      const { suite, usdc, seller, sweep } = await withSurplus();
      await expectRefusal(suite, sweep(usdc, seller, usd(7)), "CreditPushFailed", usdc, seller, usd(7));
    });

    for (const who of ["operator", "guardian", "officer", "admin", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow, usdc, stranger } = await withSurplus();
        const call = escrow.connect(suite[who]).sweepSurplus(usdc, stranger, 1);
        await expectUnauthorized(suite, call, suite[who]);
      });
    }
  });
});
