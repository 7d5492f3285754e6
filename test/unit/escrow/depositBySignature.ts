import { expect } from "chai";

import { paymentIdOf, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { signAuthorization, signPermit, signPermit2 } from "../fixtures/deposits.js";
import {
  HOUR,
  NATIVE_COIN,
  OnDeadline,
  Status,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  loadFixture,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

const noSignature = [0n, 0, ethers.ZeroHash, ethers.ZeroHash] as const;

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

    it("reverts given a bad permit and no allowance", async () => {
      const { suite, escrow, payment } = await withoutAllowance();
      await expect(escrow.depositWithPermit(payment, ...noSignature))
        .to.be.revertedWithCustomError(suite.usdc, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0, usd(1_000));
    });

    it("reverts for anybody but the buyer, because the permit binds no terms", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      const call = escrow.connect(suite.seller).depositWithPermit(payment, ...permit);
      await expectRefusal(suite, call, "UnauthorizedCaller", suite.seller);
    });

    it("reverts given the native coin", async () => {
      const { suite, escrow, payment, permit } = await withoutAllowance();
      const native = { ...payment, token: NATIVE_COIN };
      await expectRefusal(suite, escrow.depositWithPermit(native, ...permit), "NativeCoinNotSupported");
    });
  });

  describe("depositWithAuthorization", () => {
    it("lets a stranger bring what the buyer signed", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, stranger, domain } = suite;
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, buyer);

      const call = escrow.connect(stranger).depositWithAuthorization(payment, ...authorization);
      await expect(call).to.changeTokenBalances(ethers, usdc, [buyer, escrow], [-usd(1_000), usd(1_000)]);
      await expectState(suite, paymentIdOf(domain, payment), {
        status: Status.Funded,
        held: usd(1_000),
        released: 0n,
      });
    });

    it("takes a contract wallet's longer signature to the token's bytes overload", async () => {
      const { suite, payment } = await withWalletBuyer();
      const { escrow, usdc, buyer, stranger } = suite;
      const [after, before, first] = await signAuthorization(suite, payment, buyer);
      const [, , second] = await signAuthorization(suite, payment, stranger);

      await escrow.depositWithAuthorization(payment, after, before, ethers.concat([first, second]));
      await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
    });

    it("reverts given somebody else's signature", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, stranger } = suite;
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, stranger);
      await expect(escrow.depositWithAuthorization(payment, ...authorization))
        .to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature")
        .withArgs(buyer);
    });

    it("reverts given any other term than was signed", async () => {
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

    it("reverts given a used signature", async () => {
      const suite = await loadFixture(deployEscrow);
      const payment = await termsOf(suite);
      const authorization = await signAuthorization(suite, payment, suite.buyer);
      await suite.escrow.depositWithAuthorization(payment, ...authorization);
      await expectRefusal(
        suite,
        suite.escrow.depositWithAuthorization(payment, ...authorization),
        "PaymentAlreadyExists",
        paymentIdOf(suite.domain, payment),
      );
    });

    it("reverts given the native coin", async () => {
      const suite = await loadFixture(deployEscrow);
      const native = await termsOf(suite, { token: NATIVE_COIN });
      const call = suite.escrow.depositWithAuthorization(native, 0, 0, "0x");
      await expectRefusal(suite, call, "NativeCoinNotSupported");
    });

    it("reverts given a token whose fallback accepts everything and moves nothing", async () => {
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

    it("reverts given any other term than was signed", async () => {
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

    it("reverts given a nonce that was used for other terms", async () => {
      const { suite, escrow, permit2, buyer } = await withPermit2();
      const [one, other] = [await termsOf(suite), await termsOf(suite)];
      await escrow.depositWithPermit2(one, ...(await signPermit2(suite, one, buyer)));
      const permit = await signPermit2(suite, other, buyer);
      await expect(escrow.depositWithPermit2(other, ...permit)).to.be.revertedWithCustomError(
        permit2,
        "InvalidNonce",
      );
    });

    it("reverts given an expired signature", async () => {
      const { suite, escrow, permit2, buyer } = await withPermit2();
      const payment = await termsOf(suite);
      const [nonce, , signature] = await signPermit2(suite, payment, buyer);
      await expect(escrow.depositWithPermit2(payment, nonce, 1, signature))
        .to.be.revertedWithCustomError(permit2, "SignatureExpired")
        .withArgs(1);
    });

    it("reverts given the native coin", async () => {
      const { suite, escrow } = await withPermit2();
      const native = await termsOf(suite, { token: NATIVE_COIN });
      const call = escrow.depositWithPermit2(native, 0, 0, "0x");
      await expectRefusal(suite, call, "NativeCoinNotSupported");
    });
  });
});
