import { expect } from "chai";

import { paymentIdOf } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  NATIVE_COIN,
  Status,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  loadFixture,
  termsOf,
  usd,
} from "../fixtures/escrow.js";

const withCalls = async () => {
  const suite = await loadFixture(deployEscrow);
  const { interface: abi } = suite.escrow;
  const deposits = (...terms: object[]) =>
    terms.map((payment) => abi.encodeFunctionData("deposit", [payment as never]));
  return { suite, ...suite, abi, deposits };
};

describe("Escrow multicall", () => {
  itFollows("escrow/multicall.tree");

  it("makes several deposits", async () => {
    const { suite, escrow, usdc, usdt, buyer, deposits } = await withCalls();
    const calls = deposits(
      await termsOf(suite),
      await termsOf(suite, { amount: usd(5) }),
      await termsOf(suite, { token: await usdt.getAddress() }),
    );
    await escrow.connect(buyer).multicall(calls);
    await expectTotals(suite, usdc, { held: usd(1_005), credits: 0n });
    await expectTotals(suite, usdt, { held: usd(1_000), credits: 0n });
  });

  it("makes none if one is refused, and reverts with its error", async () => {
    const { suite, escrow, usdc, buyer, deposits } = await withCalls();
    const calls = deposits(await termsOf(suite), await termsOf(suite, { amount: 0n }));
    await expect(escrow.connect(buyer).multicall(calls)).to.be.revertedWithCustomError(
      escrow,
      "InvalidAmount",
    );
    await expectTotals(suite, usdc, { held: 0n, credits: 0n });
  });

  it("reverts with AccessManagedUnauthorized given a call that the caller may not make", async () => {
    const { suite, escrow, stranger, abi } = await withCalls();
    const { payment } = await fund(suite);
    const calls = [abi.encodeFunctionData("release", [payment, 1])];
    await expectRefusal(
      suite,
      escrow.connect(stranger).multicall(calls),
      "AccessManagedUnauthorized",
      stranger,
    );
  });

  it("reverts with InvalidValue given a deposit of the native coin, so that one value cannot pay twice", async () => {
    const { suite, escrow, buyer, deposits } = await withCalls();
    const native = { token: NATIVE_COIN, amount: 7n };
    const calls = deposits(await termsOf(suite, native), await termsOf(suite, native));
    await expectRefusal(suite, escrow.connect(buyer).multicall(calls), "InvalidValue", 0, 7);
    const data = escrow.interface.encodeFunctionData("multicall", [calls]);
    await expect(buyer.sendTransaction({ to: escrow, data, value: 7n })).to.be.revertedWithoutReason(ethers);
  });

  it("does nothing given no calls", async () => {
    const { escrow, buyer } = await withCalls();
    expect(await escrow.connect(buyer).multicall.staticCall([])).to.deep.equal([]);
  });

  it("answers what each call answered", async () => {
    const { suite, escrow, buyer, abi, deposits } = await withCalls();
    const payment = await termsOf(suite);
    const calls = [...deposits(payment), abi.encodeFunctionData("paused")];
    const [paymentId, paused] = await escrow.connect(buyer).multicall.staticCall(calls);
    expect(paymentId).to.equal(paymentIdOf(suite.domain, payment));
    expect(paused).to.equal(ethers.ZeroHash);
  });

  it("may be one call of another", async () => {
    const { suite, escrow, usdc, buyer, abi, deposits } = await withCalls();
    const inner = abi.encodeFunctionData("multicall", [deposits(await termsOf(suite))]);
    await escrow.connect(buyer).multicall([inner, ...deposits(await termsOf(suite))]);
    await expectTotals(suite, usdc, { held: usd(2_000), credits: 0n });
  });

  it("reverts with FailedCall given a call of no function", async () => {
    const { suite, escrow, buyer } = await withCalls();
    await expectRefusal(suite, escrow.connect(buyer).multicall(["0x12345678"]), "FailedCall");
    await expectRefusal(suite, escrow.connect(buyer).multicall(["0x"]), "FailedCall");
  });

  it("reverts with InvalidInitialization given a call of initialize", async () => {
    const { suite, escrow, stranger, abi } = await withCalls();
    const calls = [abi.encodeFunctionData("initialize", [stranger.address])];
    await expectRefusal(suite, escrow.connect(stranger).multicall(calls), "InvalidInitialization");
  });

  it("reverts with InvalidStatus given two calls that pay the same money", async () => {
    const { suite, escrow, buyer, abi } = await withCalls();
    const { payment, paymentId } = await fund(suite);
    const release = abi.encodeFunctionData("release", [payment, payment.amount]);
    const call = escrow.connect(buyer).multicall([release, release]);
    await expectRefusal(suite, call, "InvalidStatus", paymentId, Status.Closed);
  });
});
