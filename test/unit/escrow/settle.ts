import { expect } from "chai";
import type { Signer, TypedDataDomain } from "ethers";

import { SETTLEMENT, sign, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  Cause,
  DAY,
  HOUR,
  Status,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectToWait,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  networkHelpers,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { WRONG_SPLITS } from "../fixtures/splits.js";

interface Settlement {
  paymentId: string;
  sellerAmount: bigint;
  buyerAmount: bigint;
  validUntil: bigint;
}

const signatureOf = async (signer: Signer, domain: TypedDataDomain, settlement: Settlement) =>
  (await sign(signer, domain, SETTLEMENT, { ...settlement })).serialized;

/** A funded payment, and 600 to the seller and 400 to the buyer that both signed. */
async function withSettlement(changes: Partial<Payment> = {}) {
  const suite = await loadFixture(deployEscrow);
  const funded = await fund(suite, changes);
  return { suite, ...suite, ...funded, ...(await agree(suite, funded)) };
}

async function agree(
  suite: Suite,
  { payment, paymentId }: { payment: Payment; paymentId: string },
  sellerAmount = (payment.amount * 6n) / 10n,
  buyerAmount = payment.amount - sellerAmount,
) {
  const settlement = { paymentId, sellerAmount, buyerAmount, validUntil: suite.startedAt + DAY };
  const byBuyer = await signatureOf(suite.buyer, suite.domain, settlement);
  const bySeller = await signatureOf(suite.seller, suite.domain, settlement);
  const terms = [payment, sellerAmount, buyerAmount, settlement.validUntil] as const;
  const settle = (buyerSignature = byBuyer, sellerSignature = bySeller) =>
    suite.escrow.connect(suite.stranger).settle(...terms, buyerSignature, sellerSignature);
  return { settlement, byBuyer, bySeller, settle };
}

describe("Escrow settle", () => {
  itFollows("escrow/settle.tree");

  describe("when both parties signed", () => {
    it("pays as they agreed, and the fee on the seller's part, whoever calls", async () => {
      const { suite, escrow, usdc, buyer, seller, feeRecipient, paymentId, settle } = await withSettlement();
      await expect(settle()).to.changeTokenBalances(
        ethers,
        usdc,
        [escrow, buyer, seller, feeRecipient],
        [-usd(1_000), usd(400), usd(594), usd(6)],
      );
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(600) });
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });

    it("tells the agreement, then each part and what it left", async () => {
      const { escrow, stranger, buyer, seller, paymentId, settle } = await withSettlement();
      const parties = [paymentId, buyer, seller] as const;
      await expect(settle())
        .to.emit(escrow, "PaymentSettled")
        .withArgs(...parties, stranger, usd(600), usd(400))
        .to.emit(escrow, "PaymentReleased")
        .withArgs(...parties, Cause.Settle, stranger, usd(600), usd(6), usd(400), usd(600))
        .to.emit(escrow, "PaymentRefunded")
        .withArgs(...parties, Cause.Settle, stranger, usd(400), 0, usd(600));
    });

    it("ends a dispute without the arbiter", async () => {
      const suite = await loadFixture(deployEscrow);
      const disputed = await fundAndDispute(suite);
      await (await agree(suite, disputed)).settle();
      await expectState(suite, disputed.paymentId, { status: Status.Closed, held: 0n, released: usd(600) });
    });

    it("works while deposits and operators are paused", async () => {
      const { escrow, guardian, settle } = await withSettlement();
      await escrow.connect(guardian).pause(Bit.DEPOSITS | Bit.PAYOUTS, HOUR, "incident");
      await settle();
    });

    it("reverts with EnforcedPause until a pause of exits ends", async () => {
      const { suite, settle } = await withSettlement();
      await expectToWait(suite, Bit.EXITS, () => settle());
    });

    for (const [winner, share] of [
      ["seller", 10n],
      ["buyer", 0n],
    ] as const) {
      it(`can give all to the ${winner}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const funded = await fund(suite);
        const released = (funded.payment.amount * share) / 10n;
        await (await agree(suite, funded, released)).settle();
        await expectState(suite, funded.paymentId, { status: Status.Closed, held: 0n, released });
      });
    }

    it("pays what is left of a payment that was partly released", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment, paymentId } = await fund(suite);
      await suite.escrow.connect(suite.buyer).release(payment, usd(300));
      const { settle } = await agree(suite, { payment, paymentId }, usd(200), usd(500));
      await settle();
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(500) });
    });

    it("works after the deadline", async () => {
      const suite = await loadFixture(deployEscrow);
      const funded = await fund(suite, { deadline: suite.startedAt + HOUR });
      const { settle } = await agree(suite, funded);
      await at(suite.startedAt + 2n * HOUR);
      await settle();
    });

    it("needs no AccessManager", async () => {
      const { suite, manager, paymentId, settle } = await withSettlement();
      await networkHelpers.setCode(await manager.getAddress(), "0x");
      await settle();
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(600) });
    });

    it("works until the last second before it ends", async () => {
      const { settlement, settle } = await withSettlement();
      await at(settlement.validUntil - 1n);
      await settle();
    });

    it("reverts with TooLate in the second in which it ends", async () => {
      const { suite, settlement, settle } = await withSettlement();
      await at(settlement.validUntil);
      await expectRefusal(suite, settle(), "TooLate", settlement.validUntil, settlement.validUntil);
    });

    it("reverts with InvalidSplit once another sum is held", async () => {
      const { suite, escrow, buyer, payment, settle } = await withSettlement();
      await escrow.connect(buyer).release(payment, 1);
      await expectRefusal(suite, settle(), "InvalidSplit", usd(600), usd(400), usd(1_000) - 1n);
    });

    for (const [what, sellerAmount, buyerAmount] of WRONG_SPLITS) {
      it(`reverts with InvalidSplit given ${what}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const { settle } = await agree(suite, await fund(suite), sellerAmount, buyerAmount);
        await expectRefusal(suite, settle(), "InvalidSplit", sellerAmount, buyerAmount, usd(1_000));
      });
    }
  });

  describe("signatures", () => {
    it("reverts with InvalidSignature given the buyer's twice", async () => {
      const { suite, seller, byBuyer, settle } = await withSettlement();
      await expectRefusal(suite, settle(byBuyer, byBuyer), "InvalidSignature", seller);
    });

    it("reverts with InvalidSignature given the seller's twice", async () => {
      const { suite, buyer, bySeller, settle } = await withSettlement();
      await expectRefusal(suite, settle(bySeller, bySeller), "InvalidSignature", buyer);
    });

    it("reverts with InvalidSignature given them the wrong way round", async () => {
      const { suite, buyer, byBuyer, bySeller, settle } = await withSettlement();
      await expectRefusal(suite, settle(bySeller, byBuyer), "InvalidSignature", buyer);
    });

    it("reverts with InvalidSignature given none", async () => {
      const { suite, buyer, settle } = await withSettlement();
      await expectRefusal(suite, settle("0x", "0x"), "InvalidSignature", buyer);
    });

    it("reverts with InvalidSignature given one of another split, end or payment", async () => {
      const { suite, buyer, domain, settlement, settle } = await withSettlement();
      const { paymentId: other } = await fund(suite);
      for (const change of [
        { sellerAmount: usd(400), buyerAmount: usd(600) },
        { validUntil: settlement.validUntil + 1n },
        { paymentId: other },
      ]) {
        const signature = await signatureOf(buyer, domain, { ...settlement, ...change });
        await expectRefusal(suite, settle(signature), "InvalidSignature", buyer);
      }
    });

    it("reverts with InvalidSignature given one for another chain, contract, name or version", async () => {
      const { suite, buyer, domain, settlement, usdc, settle } = await withSettlement();
      for (const change of [
        { chainId: 1n },
        { verifyingContract: await usdc.getAddress() },
        { name: "Holdfast ComplianceRegistry" },
        { version: "2" },
      ]) {
        const signature = await signatureOf(buyer, { ...domain, ...change }, settlement);
        await expectRefusal(suite, settle(signature), "InvalidSignature", buyer);
      }
    });
  });

  describe("when the seller is a contract", () => {
    const withWallet = async () => {
      const suite = await loadFixture(deployEscrow);
      const wallet = await ethers.deployContract("MockContractWallet", [suite.seller]);
      const funded = await fund(suite, { seller: await wallet.getAddress() });
      return { suite, wallet, ...(await agree(suite, funded)) };
    };

    it("reverts with InvalidSignature once its owner has changed", async () => {
      const { suite, wallet, settle } = await withWallet();
      const another = await ethers.deployContract("MockContractWallet", [suite.stranger]);
      await networkHelpers.setCode(await wallet.getAddress(), await ethers.provider.getCode(another));
      await expectRefusal(suite, settle(), "InvalidSignature", wallet);
    });

    it("asks the contract (ERC-1271)", async () => {
      const { suite, wallet, settle } = await withWallet();
      await expect(settle()).to.changeTokenBalance(ethers, suite.usdc, wallet, usd(594));
    });

    it("reverts with InvalidSignature given a signature that the contract does not accept", async () => {
      const { suite, wallet, settlement, settle } = await withWallet();
      const byStranger = await signatureOf(suite.stranger, suite.domain, settlement);
      await expectRefusal(suite, settle(undefined, byStranger), "InvalidSignature", wallet);
    });
  });
});
