import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import { attest, submission } from "../fixtures/attestations.js";
import {
  DAY,
  Reason,
  allowList,
  block,
  clear,
  denyList,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  loadFixture,
  observing,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { FINDINGS, askOracle, type PersonalReason } from "../fixtures/findings.js";

const ORACLE = { Answers: 0, Reverts: 1 } as const;

/** A released payment whose seller did not pass: 990 wait for them. */
async function frozen(suite: Suite, reason: PersonalReason) {
  const { payment } = await fund(suite);
  await FINDINGS[reason](suite, [suite.seller], true);
  await suite.escrow.connect(suite.buyer).release(payment, usd(1_000));
  await expectTotals(suite, suite.usdc, { held: 0n, credits: usd(990) });
  return suite;
}
const withFrozen = async (reason: PersonalReason) => frozen(await loadFixture(deployEscrow), reason);

/** The same, because an oracle lists the seller, or gives no answer. */
async function withOracle(mode: number) {
  const suite = await loadFixture(deployEscrow);
  const { payment } = await fund(suite);
  const oracle = await askOracle(suite);
  await oracle.setSanctioned(suite.seller, true);
  await oracle.setMode(mode);
  await suite.escrow.connect(suite.buyer).release(payment, usd(1_000));
  return { suite, oracle };
}

const take = ({ escrow, usdc, seller }: Suite) => escrow.connect(seller).withdrawCredit(usdc, seller, seller);

async function expectPaid(suite: Suite) {
  await expect(take(suite)).to.changeTokenBalance(ethers, suite.usdc, suite.seller, usd(990));
  await expectTotals(suite, suite.usdc, { held: 0n, credits: 0n });
}

describe("Escrow quarantine", () => {
  itFollows("escrow/quarantine.tree");

  describe("how it ends", () => {
    it("ends for who was Blocked, by an officer", async () => {
      const suite = await withFrozen("Blocked");
      await clear(suite, suite.seller);
      await expectPaid(suite);
    });

    for (const reason of ["NotListed", "Expired", "RiskTooHigh"] as const) {
      it(`ends for who was ${reason}, by an attestation in the same call`, async () => {
        const suite = await withFrozen(reason);
        const { escrow, usdc, seller } = suite;
        const calls = [
          submission(suite, await attest(suite, seller)),
          escrow.interface.encodeFunctionData("withdrawCredit", [
            await usdc.getAddress(),
            seller.address,
            seller.address,
          ]),
        ];
        await expect(escrow.connect(seller).multicall(calls)).to.changeTokenBalance(
          ethers,
          usdc,
          seller,
          usd(990),
        );
      });

      it(`ends for who was ${reason}, by an officer`, async () => {
        const suite = await withFrozen(reason);
        await clear(suite, suite.seller);
        await expectPaid(suite);
      });
    }

    it("ends for who was RiskTooHigh, by a policy that accepts more", async () => {
      const suite = await withFrozen("RiskTooHigh");
      await suite.registry.setPolicy({ ...denyList, maxRiskScore: denyList.maxRiskScore + 1n });
      await expectPaid(suite);
    });

    it("ends for who was NotListed, by a policy that asks for no list", async () => {
      const suite = await withFrozen("NotListed");
      await suite.registry.setPolicy(denyList);
      await expectPaid(suite);
    });

    it("ends for who was Sanctioned, by the list that drops them", async () => {
      const { suite, oracle } = await withOracle(ORACLE.Answers);
      await expectRefusal(suite, take(suite), "NotCompliant", suite.seller, Reason.Sanctioned);
      await oracle.setSanctioned(suite.seller, false);
      await expectPaid(suite);
    });

    it("ends for who was Sanctioned, by a policy that asks another list", async () => {
      const { suite } = await withOracle(ORACLE.Answers);
      await askOracle(suite);
      await expectPaid(suite);
    });

    it("ends for all at once when the oracle answers again, but for whom it lists", async () => {
      const { suite, oracle } = await withOracle(ORACLE.Reverts);
      const { escrow, usdc, seller, feeRecipient } = suite;
      await oracle.setMode(ORACLE.Answers);
      await expectRefusal(suite, take(suite), "NotCompliant", seller, Reason.Sanctioned);
      await expect(escrow.withdrawCredit(usdc, feeRecipient, feeRecipient)).to.changeTokenBalance(
        ethers,
        usdc,
        feeRecipient,
        usd(10),
      );
    });

    it("ends for all at once by a policy without the oracle", async () => {
      const { suite } = await withOracle(ORACLE.Reverts);
      await suite.registry.setPolicy(denyList);
      await suite.escrow.withdrawCredit(suite.usdc, suite.feeRecipient, suite.feeRecipient);
      await expectPaid(suite);
    });

    it("ends by a policy that only observes", async () => {
      const suite = await withFrozen("Blocked");
      await suite.registry.setPolicy(observing);
      await expectPaid(suite);
    });
  });

  describe("while it lasts", () => {
    it("gives the money to nobody, whoever asks and wherever it should go", async () => {
      const suite = await withFrozen("Blocked");
      const { escrow, usdc, seller, stranger, admin, officer, treasury, operator, guardian } = suite;
      for (const caller of [seller, stranger, admin, officer, treasury, operator, guardian]) {
        const home = escrow.connect(caller).withdrawCredit(usdc, seller, seller);
        await expectRefusal(suite, home, "NotCompliant", seller, Reason.Blocked);
      }
      for (const caller of [stranger, admin, officer, treasury, operator, guardian]) {
        const elsewhere = escrow.connect(caller).withdrawCredit(usdc, seller, caller);
        await expectRefusal(suite, elsewhere, "UnauthorizedCaller", caller);
      }
      const elsewhere = escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
      await expectRefusal(suite, elsewhere, "NotCompliant", seller, Reason.Blocked);
    });

    it("is no surplus that the treasury could sweep", async () => {
      const suite = await withFrozen("Blocked");
      const call = suite.escrow.connect(suite.treasury).sweepSurplus(suite.usdc, suite.treasury, 1);
      await expectRefusal(suite, call, "InsufficientSurplus", suite.usdc, 1, 0);
    });

    it("has no end of its own, and takes nothing away", async () => {
      const suite = await withFrozen("Blocked");
      await time.increase(3_650n * DAY);
      await expectRefusal(suite, take(suite), "NotCompliant", suite.seller, Reason.Blocked);
      await clear(suite, suite.seller);
      await expectPaid(suite);
    });

    it("collects what else becomes due, in one credit", async () => {
      const suite = await withFrozen("Blocked");
      const { escrow, usdc, buyer, seller } = suite;
      await clear(suite, seller);
      const { payment } = await fund(suite);
      await block(suite, seller);
      await escrow.connect(buyer).release(payment, usd(1_000));
      expect(await escrow.creditOf(usdc, seller)).to.equal(usd(1_980));
    });

    it("stays when one finding is lifted and another remains", async () => {
      const suite = await withFrozen("Blocked");
      await suite.registry.setPolicy(allowList);
      const record = { standing: 0n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n };
      await suite.registry
        .connect(suite.officer)
        .setRecords([{ ...record, account: suite.seller, attestationHash: ethers.ZeroHash }]);
      await expectRefusal(suite, take(suite), "NotCompliant", suite.seller, Reason.NotListed);
    });
  });

  describe("once it is lifted", () => {
    it("lets anybody bring the money to its owner, and nobody else take it elsewhere", async () => {
      const suite = await withFrozen("Blocked");
      const { escrow, usdc, seller, stranger } = suite;
      await clear(suite, seller);
      const elsewhere = escrow.connect(stranger).withdrawCredit(usdc, seller, stranger);
      await expectRefusal(suite, elsewhere, "UnauthorizedCaller", stranger);
      await expect(escrow.connect(stranger).withdrawCredit(usdc, seller, seller)).to.changeTokenBalance(
        ethers,
        usdc,
        seller,
        usd(990),
      );
    });

    it("lets its owner take the money elsewhere, but not to who does not pass", async () => {
      const suite = await withFrozen("Blocked");
      const { escrow, usdc, seller, stranger, anyArbiter } = suite;
      await clear(suite, seller);
      await block(suite, stranger);
      const call = escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
      await expectRefusal(suite, call, "NotCompliant", stranger, Reason.Blocked);
      await expect(escrow.connect(seller).withdrawCredit(usdc, seller, anyArbiter)).to.changeTokenBalance(
        ethers,
        usdc,
        anyArbiter,
        usd(990),
      );
    });
  });
});
