import { expect } from "chai";
import { BrowserProvider } from "ethers";

import { explain } from "../../scripts/scenario/telling.js";
import { Escrow__factory } from "../../types/ethers-contracts/index.js";
import { Bit, HOUR, deployEscrow, loadFixture, provider, termsOf, type Suite } from "./fixtures/escrow.js";

describe("a refusal in the words of the contract", () => {
  /** As the scenario does it: through ethers alone, which has no help from Hardhat. */
  const escrowOf = async ({ escrow, buyer }: Suite) => {
    const signer = await new BrowserProvider(provider).getSigner(buyer.address);
    return Escrow__factory.connect(await escrow.getAddress(), signer);
  };
  const refusalOf = (call: Promise<unknown>) => call.then(() => "none", explain);

  it("is told of a deposit that is sent to a paused escrow", async () => {
    const suite = await loadFixture(deployEscrow);
    const [escrow, payment] = [await escrowOf(suite), await termsOf(suite)];
    await suite.escrow.connect(suite.guardian).pause(Bit.DEPOSITS, HOUR, "incident 5");
    const until = await suite.escrow.pausedUntil(Bit.DEPOSITS);
    const refusal = `EnforcedPause(${Bit.DEPOSITS}, ${until})`;
    expect(await refusalOf(escrow.deposit(payment))).to.equal(refusal);
    expect(await refusalOf(escrow.deposit.staticCall(payment))).to.equal(refusal);
  });

  it("is told of a token that refuses to be paid", async () => {
    const suite = await loadFixture(deployEscrow);
    const [escrow, payment] = [await escrowOf(suite), await termsOf(suite)];
    await suite.usdc.connect(suite.buyer).approve(suite.escrow, 0);
    expect(await refusalOf(escrow.deposit(payment))).to.match(/^ERC20InsufficientAllowance\(/);
  });
});
