import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  NATIVE_COIN,
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

  it("makes none if one is refused", async () => {
    const { suite, escrow, usdc, buyer, deposits } = await withCalls();
    const calls = deposits(await termsOf(suite), await termsOf(suite, { amount: 0n }));
    await expect(escrow.connect(buyer).multicall(calls)).to.be.revertedWithCustomError(
      escrow,
      "InvalidAmount",
    );
    await expectTotals(suite, usdc, { held: 0n, credits: 0n });
  });

  it("calls each as its caller, who needs the same rights", async () => {
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

  it("refuses the native coin, so that one value cannot pay twice", async () => {
    const { suite, escrow, buyer, deposits } = await withCalls();
    const native = { token: NATIVE_COIN, amount: 7n };
    const calls = deposits(await termsOf(suite, native), await termsOf(suite, native));
    await expectRefusal(suite, escrow.connect(buyer).multicall(calls), "InvalidValue", 0, 7);
    const data = escrow.interface.encodeFunctionData("multicall", [calls]);
    await expect(buyer.sendTransaction({ to: escrow, data, value: 7n })).to.be.revertedWithoutReason(ethers);
  });
});
