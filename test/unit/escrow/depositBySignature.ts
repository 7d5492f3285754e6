import { expect } from "chai";

import { domainOf, paymentIdOf, sign, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { NO_PERMIT, signAuthorization, signPermit, signPermit2 } from "../fixtures/deposits.js";
import {
  HOUR,
  at,
  OnDeadline,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  loadFixture,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { withToken } from "../fixtures/hostile.js";

/** Under a token's domain (ERC-3009). */
const CANCEL_AUTHORIZATION = {
  CancelAuthorization: [
    { name: "authorizer", type: "address" },
    { name: "nonce", type: "bytes32" },
  ],
};

/** A buyer who is a contract wallet of two owners, with 1,000 USDC. */
async function withWalletBuyer() {
  const suite = await loadFixture(deployEscrow);
  const wallet = await ethers.deployContract("MockTwoOwnerWallet", [suite.buyer, suite.stranger]);
  await suite.usdc.mint(wallet, usd(1_000));
  return { suite, wallet, payment: await termsOf(suite, { buyer: await wallet.getAddress() }) };
}

/** What a relayer could want to substitute, one term at a time. */
const otherTerms = ({ stranger }: Suite, { deadline }: Payment): Partial<Payment>[] => [
  { seller: stranger.address },
  { deadline: deadline + 1n },
  { onDeadline: OnDeadline.Refund },
  { arbiter: stranger.address },
  { disputeWindow: HOUR },
  { feeBps: 1_000n },
  { feeRecipient: stranger.address },
  { paymentReference: ethers.id("another order") },
];

describe("Escrow deposit by signature", () => {
  itFollows("escrow/depositBySignature.tree");

  describe("depositWithPermit", () => {
    const withoutAllowance = async () => {
      const suite = await loadFixture(deployEscrow);
      await suite.usdc.connect(suite.buyer).approve(suite.escrow, 0);
      const payment = await termsOf(suite);
      return {
        suite,
        payment,
        escrow: suite.escrow.connect(suite.buyer),
        permit: await signPermit(suite, payment),
      };
    };

    it("needs no allowance before", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      await expect(escrow.depositWithPermit(payment, ...permit)).to.emit(escrow, "PaymentCreated");
      await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
    });

    it("works with a permit that somebody front-ran", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      const { usdc, stranger, buyer } = suite;
      await usdc.connect(stranger).permit(buyer, escrow, payment.amount, ...permit);
      await escrow.depositWithPermit(payment, ...permit);
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("needs no permit given an allowance", async () => {
      const { suite, escrow, payment } = await withoutAllowance();
      await suite.usdc.connect(suite.buyer).approve(escrow, payment.amount);
      await escrow.depositWithPermit(payment, ...NO_PERMIT);
      await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
    });

    it("works in the last second of the permit", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      await at(permit[0]);
      await escrow.depositWithPermit(payment, ...permit);
      await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
    });

    it("reverts with ERC20InsufficientAllowance in the second after it", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      await at(permit[0] + 1n);
      await expect(escrow.depositWithPermit(payment, ...permit))
        .to.be.revertedWithCustomError(suite.usdc, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0, usd(1_000));
    });

    it("reverts with ERC20InsufficientAllowance given a permit for another amount", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      await expect(
        escrow.depositWithPermit({ ...payment, amount: payment.amount - 1n }, ...permit),
      ).to.be.revertedWithCustomError(suite.usdc, "ERC20InsufficientAllowance");
    });

    it("reverts with ERC20InsufficientAllowance given a bad permit and no allowance", async () => {
      const { suite, escrow, payment } = await withoutAllowance();
      await expect(escrow.depositWithPermit(payment, ...NO_PERMIT))
        .to.be.revertedWithCustomError(suite.usdc, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0, usd(1_000));
    });

    it("reverts with UnauthorizedCaller for the seller, because the permit binds no terms", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      const call = escrow.connect(suite.seller).depositWithPermit(payment, ...permit);
      await expectRefusal(suite, call, "UnauthorizedCaller", suite.seller);
    });
  });

  describe("depositWithAuthorization", () => {
    it("takes a contract wallet's longer signature to the token's bytes overload", async () => {
      const { suite, payment } = await withWalletBuyer();
      const { escrow, usdc, buyer, stranger } = suite;
      const [after, before, first] = await signAuthorization(suite, payment, buyer);
      const [, , second] = await signAuthorization(suite, payment, stranger);

      await escrow.depositWithAuthorization(payment, after, before, ethers.concat([first, second]));
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("reverts with InvalidAuthorizationSignature given somebody else's signature", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, stranger } = suite;
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, stranger);
      await expect(escrow.depositWithAuthorization(payment, ...authorization))
        .to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature")
        .withArgs(buyer);
    });

    for (const [what, signature] of [
      ["none", "0x"],
      ["a byte less than a signature has", `0x${"11".repeat(64)}`],
      ["a byte more", `0x${"11".repeat(66)}`],
    ] as const) {
      it(`reverts with InvalidAuthorizationSignature given ${what}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const payment = await termsOf(suite);
        const validBefore = suite.startedAt + HOUR;
        await expect(suite.escrow.depositWithAuthorization(payment, 0, validBefore, signature))
          .to.be.revertedWithCustomError(suite.usdc, "InvalidAuthorizationSignature")
          .withArgs(suite.buyer);
      });
    }

    for (const [title, offset, error] of [
      [
        "reverts with AuthorizationNotYetValid in the second it is valid after",
        0n,
        "AuthorizationNotYetValid",
      ],
      ["works in the first second it is valid in", 1n, undefined],
      ["works in the last second it is valid in", HOUR - 1n, undefined],
      ["reverts with AuthorizationExpired in the second it is valid before", HOUR, "AuthorizationExpired"],
    ] as const) {
      it(title, async () => {
        const suite = await loadFixture(deployEscrow);
        const payment = await termsOf(suite);
        const validAfter = suite.startedAt + HOUR;
        const valid: [bigint, bigint] = [validAfter, validAfter + HOUR];
        const authorization = await signAuthorization(suite, payment, suite.buyer, valid);
        await at(validAfter + offset);
        const call = suite.escrow.depositWithAuthorization(payment, ...authorization);
        if (error === undefined) await call;
        else await expect(call).to.be.revertedWithCustomError(suite.usdc, error);
      });
    }

    it("reverts with InvalidAuthorizationSignature given any other term than was signed", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer } = suite;
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, buyer);
      for (const changes of otherTerms(suite, payment)) {
        await expect(
          escrow.depositWithAuthorization({ ...payment, ...changes }, ...authorization),
          Object.keys(changes)[0],
        ).to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature");
      }
    });

    it("reverts with AuthorizationUsedOrCanceled given one that somebody cancelled", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer } = suite;
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, buyer);
      const nonce = paymentIdOf(suite.domain, payment);
      const { serialized } = await sign(buyer, await domainOf(usdc), CANCEL_AUTHORIZATION, {
        authorizer: buyer.address,
        nonce,
      });
      await usdc["cancelAuthorization(address,bytes32,bytes)"](buyer, nonce, serialized);
      await expect(escrow.depositWithAuthorization(payment, ...authorization))
        .to.be.revertedWithCustomError(usdc, "AuthorizationUsedOrCanceled")
        .withArgs(buyer, nonce);
    });

    it("reverts with TransferAmountMismatch given a token that takes a fee", async () => {
      const { suite, token } = await withToken("TakesFee");
      await token.turn(true);
      const payment = await termsOf(suite, { token: await token.getAddress() });
      const call = suite.escrow.depositWithAuthorization(payment, 0, 0, "0x");
      await expectRefusal(suite, call, "TransferAmountMismatch", usd(990), usd(1_000));
    });

    it("reverts with TransferAmountMismatch given a token whose fallback accepts everything and moves nothing", async () => {
      const suite = await loadFixture(deployEscrow);
      const silent = await ethers.deployContract("SilentContract");
      await configure(suite.escrow, silent);
      const payment = await termsOf(suite, { token: await silent.getAddress() });
      const call = suite.escrow.depositWithAuthorization(payment, 0, 0, "0x");
      await expectRefusal(suite, call, "TransferAmountMismatch", 0, usd(1_000));
    });
  });

  describe("depositWithPermit2", () => {
    const withPermit2 = async () => {
      const suite = await loadFixture(deployEscrow);
      await suite.usdc.connect(suite.buyer).approve(suite.permit2, ethers.MaxUint256);
      await suite.usdt.connect(suite.buyer).approve(suite.permit2, ethers.MaxUint256);
      return { suite, ...suite };
    };

    it("lets a stranger bring what the buyer signed, of any token", async () => {
      const { suite, escrow, usdt, buyer, stranger } = await withPermit2();
      const payment = await termsOf(suite, { token: await usdt.getAddress() });
      const permit = await signPermit2(suite, payment, buyer);

      await expect(escrow.connect(stranger).depositWithPermit2(payment, ...permit)).to.changeTokenBalances(
        ethers,
        usdt,
        [buyer, escrow],
        [-usd(1_000), usd(1_000)],
      );
      await expectTotals(suite, usdt, { held: usd(1_000), credits: 0n });
    });

    it("reverts with InvalidSigner given any other term than was signed", async () => {
      const { suite, escrow, permit2, buyer } = await withPermit2();
      const payment = await termsOf(suite);
      const permit = await signPermit2(suite, payment, buyer);
      for (const changes of otherTerms(suite, payment)) {
        await expect(
          escrow.depositWithPermit2({ ...payment, ...changes }, ...permit),
          Object.keys(changes)[0],
        ).to.be.revertedWithCustomError(permit2, "InvalidSigner");
      }
    });

    it("reverts with InvalidSigner given somebody else's signature", async () => {
      const { suite, escrow, permit2, stranger } = await withPermit2();
      const payment = await termsOf(suite);
      const permit = await signPermit2(suite, payment, stranger);
      await expect(escrow.depositWithPermit2(payment, ...permit)).to.be.revertedWithCustomError(
        permit2,
        "InvalidSigner",
      );
    });

    it("reverts with InvalidNonce given a nonce that was used for other terms", async () => {
      const { suite, escrow, permit2, buyer } = await withPermit2();
      const [one, other] = [await termsOf(suite), await termsOf(suite)];
      await escrow.depositWithPermit2(one, ...(await signPermit2(suite, one, buyer, 7n)));
      const permit = await signPermit2(suite, other, buyer, 7n);
      await expect(escrow.depositWithPermit2(other, ...permit)).to.be.revertedWithCustomError(
        permit2,
        "InvalidNonce",
      );
    });

    it("works in the last second of the signature", async () => {
      const { suite, escrow, buyer } = await withPermit2();
      const payment = await termsOf(suite);
      const permit = await signPermit2(suite, payment, buyer);
      await at(permit[1]);
      await escrow.depositWithPermit2(payment, ...permit);
    });

    it("reverts with SignatureExpired in the second after it", async () => {
      const { suite, escrow, permit2, buyer } = await withPermit2();
      const payment = await termsOf(suite);
      const permit = await signPermit2(suite, payment, buyer);
      await at(permit[1] + 1n);
      await expect(escrow.depositWithPermit2(payment, ...permit))
        .to.be.revertedWithCustomError(permit2, "SignatureExpired")
        .withArgs(permit[1]);
    });

    it("reverts with the TRANSFER_FROM_FAILED of Permit2 given a buyer who allowed it a unit less", async () => {
      const { suite, escrow, usdc, permit2, buyer } = await withPermit2();
      await usdc.connect(buyer).approve(permit2, usd(1_000) - 1n);
      const payment = await termsOf(suite);
      const permit = await signPermit2(suite, payment, buyer);
      await expect(escrow.depositWithPermit2(payment, ...permit)).to.be.revertedWith("TRANSFER_FROM_FAILED");
    });
  });
});
