import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import { attest, submission } from "../fixtures/attestations.js";
import { WAYS_IN } from "../fixtures/deposits.js";
import {
  HOUR,
  NATIVE_COIN,
  Reason,
  Standing,
  allowList,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  loadFixture,
  termsOf,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

/** Only cleared accounts pass, and nobody is cleared. The buyer lets Permit2 take tokens too. */
async function withAllowList() {
  const suite = await loadFixture(deployEscrow);
  await suite.usdc.connect(suite.buyer).approve(suite.permit2, ethers.MaxUint256);
  await suite.registry.setPolicy(allowList);
  return suite;
}

/** Sends attestations and a deposit in one call. */
async function depositWith(suite: Suite, way: keyof typeof WAYS_IN, ...attestations: string[]) {
  const { data, sender } = await WAYS_IN[way](suite, await termsOf(suite));
  return suite.escrow.connect(sender).multicall([...attestations, data]);
}

const bothAttested = async (suite: Suite) => [
  await attest(suite, suite.buyer),
  await attest(suite, suite.seller),
];

describe("Escrow attestations", () => {
  itFollows("escrow/attestations.tree");

  for (const way of Object.keys(WAYS_IN) as (keyof typeof WAYS_IN)[]) {
    describe(`with ${way}`, () => {
      it("clears buyer and seller in the same call", async () => {
        const suite = await withAllowList();
        const [ofBuyer, ofSeller] = await bothAttested(suite);
        await depositWith(suite, way, submission(suite, ofBuyer!), submission(suite, ofSeller!));
        await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
      });

      it("works though somebody submitted the attestations before", async () => {
        const suite = await withAllowList();
        const [ofBuyer, ofSeller] = await bothAttested(suite);
        await suite.registry.connect(suite.stranger).submitAttestation(...ofBuyer!);
        await suite.escrow.connect(suite.stranger).submitAttestation(...ofSeller!);
        await depositWith(suite, way, submission(suite, ofBuyer!), submission(suite, ofSeller!));
        await expectTotals(suite, suite.usdc, { held: usd(1_000), credits: 0n });
      });

      it("clears nobody if the deposit is refused", async () => {
        const suite = await withAllowList();
        const call = depositWith(suite, way, submission(suite, await attest(suite, suite.buyer)));
        await expectRefusal(suite, call, "NotCompliant", suite.seller, Reason.NotListed);
        expect((await suite.registry.recordOf(suite.buyer)).standing).to.equal(Standing.Unlisted);
      });
    });
  }

  describe("in the same call", () => {
    /** A seller who is cleared already, and an attestation of the buyer. */
    const withBuyerAttested = async (changes: Parameters<typeof attest>[2] = {}) => {
      const suite = await withAllowList();
      await suite.registry.submitAttestation(...(await attest(suite, suite.seller)));
      return { suite, attested: await attest(suite, suite.buyer, changes) };
    };
    const refused = (suite: Suite, call: ReturnType<typeof depositWith>, reason: bigint) =>
      expectRefusal(suite, call, "NotCompliant", suite.buyer, reason);

    it("counts one in the last second of its validity", async () => {
      const { suite, attested } = await withBuyerAttested();
      const [{ validUntil }] = attested;
      await at(validUntil - 1n);
      await depositWith(suite, "deposit", submission(suite, attested));
    });

    it("ignores one in the second in which its validity ends", async () => {
      const { suite, attested } = await withBuyerAttested();
      const [{ validUntil }] = attested;
      await at(validUntil);
      await refused(suite, depositWith(suite, "deposit", submission(suite, attested)), Reason.NotListed);
    });

    it("ignores one whose clearing an officer took back", async () => {
      const { suite, attested } = await withBuyerAttested();
      const { registry, officer, buyer } = suite;
      await registry.submitAttestation(...attested);
      const nothing = { standing: 0n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n };
      await registry
        .connect(officer)
        .setRecords([{ ...nothing, account: buyer, attestationHash: ethers.ZeroHash }]);
      await refused(suite, depositWith(suite, "deposit", submission(suite, attested)), Reason.NotListed);
    });

    it("clears no buyer by what was signed about somebody else", async () => {
      const { suite } = await withBuyerAttested();
      const ofStranger = submission(suite, await attest(suite, suite.stranger));
      await refused(suite, depositWith(suite, "deposit", ofStranger), Reason.NotListed);
    });

    it("lets no buyer pass whose attested score is too high", async () => {
      const { suite } = await withBuyerAttested();
      const risky = await attest(suite, suite.buyer, { riskScore: allowList.maxRiskScore + 1n });
      await refused(suite, depositWith(suite, "deposit", submission(suite, risky)), Reason.RiskTooHigh);
    });

    it("clears for as long as the attestation says", async () => {
      const { suite } = await withBuyerAttested();
      const expiry = BigInt(await time.latest()) + HOUR;
      const attested = await attest(suite, suite.buyer, { expiry });
      await depositWith(suite, "deposit", submission(suite, attested));
      const { data, sender } = await WAYS_IN.deposit(suite, await termsOf(suite));
      await at(expiry);
      await refused(suite, suite.escrow.connect(sender).multicall([data]), Reason.Expired);
    });
  });

  it("takes a call of its own before a deposit of the native coin, which no multicall takes", async () => {
    const suite = await withAllowList();
    const { escrow, buyer } = suite;
    const [ofBuyer, ofSeller] = await bothAttested(suite);
    await escrow.multicall([submission(suite, ofBuyer!), submission(suite, ofSeller!)]);
    const payment = await termsOf(suite, { token: NATIVE_COIN, amount: 7n });
    await escrow.connect(buyer).deposit(payment, { value: 7n });
    await expectTotals(suite, NATIVE_COIN, { held: 7n, credits: 0n });
  });
});
