import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Reason,
  Status,
  denyList,
  deployEscrow,
  ethers,
  expectRefusal,
  expectState,
  expectTotals,
  fund,
  loadFixture,
  networkHelpers,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { askOracle } from "../fixtures/findings.js";

/** Oracles that are no mock of ours: the bytecode of each, and how it is found. */
const BROKEN: Readonly<Record<string, string>> = {
  "answers with a byte less than a word": "0x601f6000f3",
  "answers with two words": "0x60406000f3",
  "answers 2": "0x600260005260206000f3",
  "answers with every bit set": "0x60001960005260206000f3",
  "answers with its yes in the highest byte": "0x600160f81b60005260206000f3",
  "reverts with a yes": "0x600160005260206000fd",
  "writes before it answers": "0x600160005560206000f3",
  "destroys itself when it is asked": "0x33ff",
  "burns all gas": "0xfe",
  "never ends": "0x5b600056",
  "answers with 100,000 bytes": "0x620186a06000f3",
  "has no code": "0x",
  "delegates to an account without code": `0xef0100${"00".repeat(19)}aa`,
};
const YES_TO_EVERYBODY = "0x600160005260206000f3";
const NO_TO_EVERYBODY = "0x60206000f3";

/** A funded payment, and an oracle that changed its code after the deposit. */
async function withOracle(code: string) {
  const suite = await loadFixture(deployEscrow);
  const oracle = await askOracle(suite);
  const funded = await fund(suite);
  await networkHelpers.setCode(await oracle.getAddress(), code);
  return { suite, ...funded };
}

/** CONFIGURATOR names no oracle any more; what waited can then be taken. */
async function expectRecovery(suite: Suite) {
  const { escrow, registry, usdc, seller, feeRecipient } = suite;
  await registry.setPolicy(denyList);
  for (const account of [seller, feeRecipient]) await escrow.withdrawCredit(usdc, account, account);
  await expectTotals(suite, usdc, { held: 0n, credits: 0n });
  expect(await usdc.balanceOf(seller)).to.equal(usd(990));
}

async function expectFrozen(code: string, reason: bigint) {
  const { suite, payment, paymentId } = await withOracle(code);
  const { escrow, usdc, buyer } = suite;
  const deposit = escrow.connect(buyer).deposit(await termsOf(suite));
  await expectRefusal(suite, deposit, "NotCompliant", buyer, reason);

  const { gasUsed } = (await (await escrow.connect(buyer).release(payment, usd(1_000))).wait())!;
  // Two recipients are asked about, at 50,000 gas each.
  expect(gasUsed).to.be.lessThan(400_000n);
  await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: usd(1_000) });
  await expectTotals(suite, usdc, { held: 0n, credits: usd(1_000) });
  const credited = await escrow.queryFilter(escrow.filters.PayoutCredited(paymentId));
  expect(credited.map(({ args }) => args.reason)).to.deep.equal([reason, reason]);
  await expectRecovery(suite);
}

describe("Escrow oracles", () => {
  itFollows("escrow/oracles.tree");

  for (const [misbehaves, code] of Object.entries(BROKEN)) {
    it(`freezes, and gives back when it is replaced, given one that ${misbehaves}`, async () => {
      await expectFrozen(code, Reason.OracleUnavailable);
    });
  }

  it("freezes, and gives back when it is replaced, given one that lists everybody", async () => {
    await expectFrozen(YES_TO_EVERYBODY, Reason.Sanctioned);
  });

  it("lets nobody pass whom an officer blocked, given one that lists nobody", async () => {
    const { suite, payment } = await withOracle(NO_TO_EVERYBODY);
    const { escrow, registry, officer, usdc, buyer, seller } = suite;
    const blocked = { standing: 2n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n };
    await registry
      .connect(officer)
      .setRecords([{ ...blocked, account: seller, attestationHash: ethers.ZeroHash }]);
    await escrow.connect(buyer).release(payment, usd(1_000));
    await expectTotals(suite, usdc, { held: 0n, credits: usd(990) });
  });

  it("stops no dispute and no refund, whatever it does", async () => {
    for (const code of Object.values(BROKEN)) {
      const { suite, payment, paymentId } = await withOracle(code);
      await suite.escrow.connect(suite.seller).openDispute(payment, ethers.ZeroHash, "");
      await suite.escrow.connect(suite.seller).withdrawDispute(payment);
      await suite.escrow.connect(suite.seller).refund(payment, usd(1_000));
      await expectState(suite, paymentId, { status: Status.Closed, held: 0n, released: 0n });
    }
  });

  it("is refused by the policy if there is no code at its address", async () => {
    const { registry } = await loadFixture(deployEscrow);
    const destroyed = ethers.getAddress("0x00000000000000000000000000000000000000aa");
    await expect(registry.setPolicy({ ...denyList, sanctionsOracle: destroyed }))
      .to.be.revertedWithCustomError(registry, "InvalidSanctionsOracle")
      .withArgs(destroyed);
  });
});
