import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  NOBODY,
  configure,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  networkHelpers,
  termsOf,
  usd,
} from "../fixtures/escrow.js";
import {
  expectEverybodyWhole,
  expectOthersUnharmed,
  expectRulingTo,
  resolve,
  withToken,
  worldWith,
} from "../fixtures/hostile.js";

/** What a ruling in a token that has turned leads to, if it pays or owes everybody the same. */
const OUTCOMES = {
  ReturnsFalse: "owe",
  ReturnsFalseYetPays: "pay",
  ReturnsTrueYetKeeps: "owe",
  ReturnsNoBoolean: "pay",
  Pauses: "owe",
  BurnsGas: "owe",
  ReturnsBomb: "pay",
  RevertsWithBomb: "owe",
  HidesBalance: "owe",
  BurnsGasTellingBalance: "owe",
} as const;

/** What a deposit of 1,000 in a token that has turned is refused with. */
const REFUSALS = {
  ReturnsFalse: ["SafeERC20FailedOperation"],
  ReturnsFalseYetPays: ["SafeERC20FailedOperation"],
  ReturnsTrueYetKeeps: ["TransferAmountMismatch", 0n],
  ReturnsNoBoolean: ["SafeERC20FailedOperation"],
  TakesFee: ["TransferAmountMismatch", usd(990)],
  MovesLess: ["TransferAmountMismatch", usd(900)],
  HidesBalance: ["BalanceUnknown"],
  BurnsGasTellingBalance: ["BalanceUnknown"],
} as const;

/** Those that let no deposit through by themselves. */
const BARRED = ["Pauses", "BurnsGas", "RevertsWithBomb"];

const LIES = {
  "too much before": [1n, 0n],
  "too little before": [-1n, 0n],
  "too much after": [0n, 1n],
  "too little after": [0n, -1n],
  "that nothing came": [0n, -usd(1_000)],
  "less after than before": [0n, -usd(1_001)],
} as const;

/** What the hook of a contract does, its mode, and what it gets of a payout. */
const HOOKS = [
  ["reverts", 1, "owe"],
  ["uses up all its gas", 2, "owe"],
  ["answers with a bomb", 3, "pay"],
  ["reverts with a bomb", 4, "owe"],
  ["uses up more than is granted", 5, "owe"],
] as const;

/** `ReturnsFalseYetPays` as a reader has it. */
const inWords = (name: string) => name.replace(/(?<=.)[A-Z]/g, " $&").toLowerCase();

async function depositIn({ suite, escrow, buyer, token }: Awaited<ReturnType<typeof withToken>>) {
  return escrow.connect(buyer).deposit(await termsOf(suite, { token: await token.getAddress() }));
}

describe("Escrow hostile tokens", () => {
  itFollows("escrow/hostileTokens.tree");

  describe("at a deposit", () => {
    for (const [vice, [error, received]] of Object.entries(REFUSALS)) {
      it(`refuses one that ${inWords(vice)}`, async () => {
        const world = await withToken(vice);
        await world.token.turn(true);
        const found = received === undefined ? [world.token] : [received, usd(1_000)];
        await expectRefusal(world.suite, depositIn(world), error, ...found);
      });
    }

    for (const vice of BARRED) {
      it(`fails with one that ${inWords(vice)}`, async () => {
        const world = await withToken(vice);
        await world.token.turn(true);
        await expect(depositIn(world)).to.be.revert(ethers);
        await expectTotals(world.suite, world.token, { held: 0n, credits: 0n });
      });
    }

    for (const [how, [before, later]] of Object.entries(LIES)) {
      it(`refuses one that tells ${how}`, async () => {
        const world = await withToken("LiesAboutBalance");
        await fund(world.suite, { token: await world.token.getAddress() });
        await (await ethers.getContractAt("LiesAboutBalance", world.token)).lie(before, later);
        const received = usd(1_000) + later - before;
        const found = [received < 0n ? 0n : received, usd(1_000)];
        await expectRefusal(world.suite, depositIn(world), "TransferAmountMismatch", ...found);
      });
    }

    it("takes one whose answer is huge, without copying it", async () => {
      const world = await withToken("ReturnsBomb");
      await world.token.turn(true);
      const { gasUsed } = (await (await depositIn(world)).wait())!;
      // The answer costs its maker some 240,000; copying it would cost as much again.
      expect(gasUsed).to.be.lessThan(500_000n);
      await expectTotals(world.suite, world.token, { held: usd(1_000), credits: 0n });
    });

    it("takes one that charges the sender, who pays for it", async () => {
      const world = await withToken("ChargesSender");
      await world.token.turn(true);
      await expect(depositIn(world)).to.changeTokenBalances(
        ethers,
        world.token,
        [world.buyer, world.escrow],
        [-usd(1_010), usd(1_000)],
      );
    });
  });

  describe("at a payout", () => {
    for (const [vice, outcome] of Object.entries(OUTCOMES)) {
      it(`${outcome}s everybody, and harms nobody else, in one that ${inWords(vice)}`, async () => {
        const world = await worldWith(vice);
        await world.token.turn(true);
        await expectRulingTo(outcome, world);
        await expectOthersUnharmed(world);
        await world.token.turn(false);
        await expectEverybodyWhole(world);
      });
    }

    for (const vice of ["ReturnsBomb", "RevertsWithBomb"]) {
      it(`does not copy what one that ${inWords(vice)} answers`, async () => {
        const { suite, escrow, token, buyer } = await withToken(vice);
        const { payment } = await fund(suite, {
          token: await token.getAddress(),
          feeBps: 0n,
          feeRecipient: NOBODY,
        });
        await token.turn(true);
        const { gasUsed } = (await (await escrow.connect(buyer).release(payment, payment.amount)).wait())!;
        // The answer costs its maker some 200,000; copying it would cost as much again.
        expect(gasUsed).to.be.lessThan(400_000n);
      });
    }

    it("pays its part of everything in one that moves less, and owes the rest", async () => {
      const world = await worldWith("MovesLess");
      const { suite, escrow, token, seller, feeRecipient, buyer } = world;
      await token.turn(true);
      await expect(resolve(world)).to.changeTokenBalances(
        ethers,
        token,
        [escrow, seller, feeRecipient, buyer],
        [-usd(900), usd(534.6), usd(5.4), usd(360)],
      );
      await expectTotals(suite, token, { held: usd(1_000), credits: usd(100) });
      await escrow.withdrawCredit(token, seller, seller);
      expect(await escrow.creditOf(token, seller)).to.equal(usd(5.94));

      await expectOthersUnharmed(world);
      await token.turn(false);
      await expectEverybodyWhole(world);
    });

    it("pays in full in one that takes a fee, which the recipients bear", async () => {
      const world = await worldWith("TakesFee");
      const { suite, escrow, token, seller, feeRecipient, buyer } = world;
      await token.turn(true);
      await expect(resolve(world)).to.changeTokenBalances(
        ethers,
        token,
        [escrow, token, seller, feeRecipient, buyer],
        [-usd(1_000), usd(10), usd(588.06), usd(5.94), usd(396)],
      );
      await expectTotals(suite, token, { held: usd(1_000), credits: 0n });
      await expectOthersUnharmed(world);
      expect(await token.balanceOf(escrow)).to.equal(0n);
    });

    it("owes whoever comes last what one that charges the sender took, until somebody makes it good", async () => {
      const world = await worldWith("ChargesSender");
      const { escrow, token, others } = world;
      await token.turn(true);
      await expect(resolve(world)).to.changeTokenBalance(ethers, token, escrow, -usd(1_010));
      await expectOthersUnharmed(world);
      expect(await escrow.creditOf(token, others.seller)).to.equal(usd(990));

      await token.turn(false);
      await token.mint(escrow, usd(10.1));
      await expectEverybodyWhole(world);
    });

    it("owes whoever comes last what one that rebases took, until somebody makes it good", async () => {
      const world = await worldWith("Rebases");
      const { escrow, token, others } = world;
      await (await ethers.getContractAt("Rebases", world.token)).rebase(60);
      await expect(resolve(world)).to.changeTokenBalance(ethers, token, escrow, -usd(1_000));
      await expectOthersUnharmed(world);
      const { credits } = await escrow.tokenTotals(token);
      expect([credits, await token.balanceOf(escrow)]).to.deep.equal([usd(990), usd(190)]);

      await token.mint(escrow, usd(800));
      const withdrawal = escrow.withdrawCredit(token, others.seller, others.seller);
      await expect(withdrawal).to.changeTokenBalance(ethers, token, others.seller, usd(990));
      await expectTotals(world.suite, token, { held: 0n, credits: 0n });
    });

    it("pays what the terms say in one that rebases upwards, which leaves a surplus and no more", async () => {
      const world = await worldWith("Rebases");
      const { suite, escrow, token, treasury } = world;
      await (await ethers.getContractAt("Rebases", world.token)).rebase(200);
      await expectRulingTo("pay", world);
      const sweep = escrow.connect(treasury).sweepSurplus;
      const [more, all] = [usd(2_000) + 1n, usd(2_000)];
      await expectRefusal(suite, sweep(token, treasury, more), "InsufficientSurplus", token, more, all);
      await sweep(token, treasury, all);
      await expectOthersUnharmed(world);
      await expectTotals(suite, token, { held: 0n, credits: 0n });
    });

    it("owes the unit that one that rebases rounded away", async () => {
      const world = await worldWith("Rebases");
      const { escrow, token, buyer } = world;
      await (await ethers.getContractAt("Rebases", world.token)).rebase(150);
      await expect(resolve(world)).to.changeTokenBalance(ethers, token, escrow, -usd(1_000) + 1n);
      expect(await escrow.creditOf(token, buyer)).to.equal(1n);
    });

    it("harms nobody outside of one that tells that a payout never left", async () => {
      const world = await worldWith("LiesAboutBalance");
      const { escrow, token, seller } = world;
      await (await ethers.getContractAt("LiesAboutBalance", world.token)).lie(0, usd(594));
      await expect(resolve(world)).to.changeTokenBalance(ethers, token, seller, usd(594) + usd(594));
      expect(await escrow.creditOf(token, seller)).to.equal(usd(594));
      await expectOthersUnharmed(world);
    });

    it("harms nobody outside of one that told of a deposit that never came", async () => {
      const world = await worldWith("PretendsToMove");
      const { suite, escrow, token, buyer } = world;
      await token.turn(true);
      const { payment } = await fund(suite, { token: await token.getAddress() });
      await token.turn(false);
      await escrow.connect(buyer).release(payment, payment.amount);
      await resolve(world);
      await expectOthersUnharmed(world);
    });
  });

  describe("one whose issuer stops somebody", () => {
    for (const party of ["seller", "feeRecipient", "buyer"] as const) {
      it(`owes the ${party} alone, who gets it elsewhere`, async () => {
        const world = await worldWith("Blacklists");
        const { suite, escrow, token, stranger } = world;
        const stopped = suite[party];
        await (await ethers.getContractAt("Blacklists", world.token)).setBlacklisted(stopped, true);
        await expect(resolve(world)).to.changeTokenBalance(ethers, token, stopped, 0);
        const owed = await escrow.creditOf(token, stopped);
        await expectTotals(suite, token, { held: usd(1_000), credits: owed });
        await expectOthersUnharmed(world);

        const withdrawal = escrow.connect(stopped).withdrawCredit(token, stopped, stranger);
        const due = { seller: usd(594), feeRecipient: usd(6 + 10), buyer: usd(400) }[party];
        await expect(withdrawal).to.changeTokenBalance(ethers, token, stranger, due);
        await expectTotals(suite, token, { held: 0n, credits: 0n });
      });
    }

    it("owes everybody when it is the escrow, until that is lifted", async () => {
      const world = await worldWith("Blacklists");
      const issuer = await ethers.getContractAt("Blacklists", world.token);
      await issuer.setBlacklisted(world.escrow, true);
      await expect(depositIn(world))
        .to.be.revertedWithCustomError(issuer, "Blacklisted")
        .withArgs(world.escrow);
      await expectRulingTo("owe", world);
      await expectOthersUnharmed(world);
      await issuer.setBlacklisted(world.escrow, false);
      await expectEverybodyWhole(world);
    });

    it("takes no deposit from a buyer who is stopped", async () => {
      const world = await withToken("Blacklists");
      const issuer = await ethers.getContractAt("Blacklists", world.token);
      await issuer.setBlacklisted(world.buyer, true);
      await expect(depositIn(world))
        .to.be.revertedWithCustomError(issuer, "Blacklisted")
        .withArgs(world.buyer);
    });
  });

  describe("one of 2 or of 24 decimals", () => {
    for (const [decimals, amount, pieces] of [
      [2, 123_45n, [50_00n, 73_45n]],
      [24, 10n ** 31n, [1n, 10n ** 31n - 1n]],
    ] as const) {
      it(`pays to the last unit of ${decimals} decimals, however it is split`, async () => {
        const world = await withToken("HasDecimals", decimals);
        const { suite, escrow, token, buyer, seller, feeRecipient } = world;
        const address = await token.getAddress();
        await configure(escrow, token, { cap: amount });
        await token.mint(buyer, amount);
        const { payment } = await fund(suite, { token: address, amount });
        for (const piece of pieces) await escrow.connect(buyer).release(payment, piece);
        const fee = amount / 100n;
        const paid = await Promise.all([seller, feeRecipient, escrow].map((who) => token.balanceOf(who)));
        expect(paid).to.deep.equal([amount - fee, fee, 0n]);
      });
    }

    it("holds more than 20 million of 24 decimals, and not a unit more than fits", async () => {
      const world = await withToken("HasDecimals", 24);
      const { suite, escrow, token, buyer } = world;
      const most = 2n ** 104n - 1n;
      expect(most / 10n ** 24n).to.equal(20_282_409n);
      await configure(escrow, token, { cap: most });
      await token.mint(buyer, most);
      const terms = { token: await token.getAddress() };
      const tooMuch = escrow.connect(buyer).deposit(await termsOf(suite, { ...terms, amount: most + 1n }));
      await expectRefusal(suite, tooMuch, "CapExceeded", token, most + 1n, most);
      const { payment } = await fund(suite, { ...terms, amount: most });
      await escrow.connect(buyer).release(payment, most);
      await expectTotals(suite, token, { held: 0n, credits: 0n });
    });
  });

  describe("one that calls sender and recipient (ERC-777)", () => {
    for (const [what, mode, outcome] of HOOKS) {
      it(`${outcome}s a recipient whose hook ${what}, and pays everybody else`, async () => {
        const world = await worldWith("CallsBack", "contract");
        const { suite, escrow, token, contract: recipient, feeRecipient, buyer, stranger } = world;
        await (await ethers.getContractAt("CallsBack", world.token)).registerHooks(recipient);
        await recipient.setMode(mode);
        const [paid, owed] = outcome === "pay" ? [usd(594), 0n] : [0n, usd(594)];
        await expect(resolve(world)).to.changeTokenBalances(
          ethers,
          token,
          [recipient, feeRecipient, buyer],
          [paid, usd(6), usd(400)],
        );
        expect(await escrow.creditOf(token, recipient)).to.equal(owed);
        await expectOthersUnharmed(world);
        if (owed === 0n) return;

        const data = escrow.interface.encodeFunctionData("withdrawCredit", [
          token.target,
          recipient.target,
          stranger.address,
        ]);
        await expect(recipient.execute(escrow, data)).to.changeTokenBalance(ethers, token, stranger, owed);
        await expectTotals(suite, token, { held: 0n, credits: 0n });
      });
    }

    /** A buyer whose contract is called when its tokens are taken. */
    const withHostileBuyer = async () => {
      const world = await withToken("CallsBack");
      const { suite, token, escrow } = world;
      const buyer = await ethers.deployContract("HostileRecipient");
      await token.mint(buyer, usd(2_000));
      await buyer.execute(token, token.interface.encodeFunctionData("approve", [escrow.target, usd(1_000)]));
      await (await ethers.getContractAt("CallsBack", world.token)).registerHooks(buyer);
      const payment = await termsOf(suite, { buyer: buyer.target as string, token: token.target as string });
      const data = escrow.interface.encodeFunctionData("deposit", [payment]);
      return { ...world, buyer, deposit: () => buyer.execute(escrow, data) };
    };

    it("takes no deposit from a sender that reverts", async () => {
      const { suite, token, buyer, deposit } = await withHostileBuyer();
      await buyer.setMode(1);
      await expect(deposit()).to.be.revertedWithCustomError(buyer, "NotWelcome");
      await expectTotals(suite, token, { held: 0n, credits: 0n });
    });

    it("takes no deposit from a sender that pays in besides", async () => {
      const { suite, escrow, token, buyer, deposit } = await withHostileBuyer();
      const transfer = token.interface.encodeFunctionData("transfer", [escrow.target, 1]);
      const unhooked = await ethers.deployContract("HostileRecipient");
      await token.mint(unhooked, 1);
      const data = unhooked.interface.encodeFunctionData("execute", [token.target, transfer]);
      await buyer.callBack(unhooked, data);
      await expectRefusal(suite, deposit(), "TransferAmountMismatch", usd(1_000) + 1n, usd(1_000));
    });
  });

  describe("one whose code is gone", () => {
    it("takes no deposit, and reverts with BalanceUnknown", async () => {
      const world = await withToken("ReturnsFalse");
      await networkHelpers.setCode(await world.token.getAddress(), "0x");
      await expectRefusal(world.suite, depositIn(world), "BalanceUnknown", world.token);
    });

    it("owes everybody", async () => {
      const world = await worldWith("ReturnsFalse");
      await networkHelpers.setCode(await world.token.getAddress(), "0x");
      await resolve(world);
      const { held, credits } = await world.escrow.tokenTotals(world.token);
      expect([held, credits]).to.deep.equal([usd(1_000), usd(1_000)]);
    });
  });
});
