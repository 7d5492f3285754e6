import { expect } from "chai";
import { type Signer, toQuantity } from "ethers";

import { SETTLEMENT, sign, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { signAuthorization, signPermit, signPermit2 } from "../fixtures/deposits.js";
import {
  denyList,
  deployEscrow,
  ethers,
  fund,
  fundAndDispute,
  loadFixture,
  provider,
  termsOf,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

/** A call of the escrow: who makes it, which function, and with what. */
type Call = [by: Signer, name: string, args: readonly unknown[]];

const succeeds = "success";

/** What can become of a call, apart from running out of gas: it is made with ever more, until more changes nothing. */
async function outcomes({ escrow }: Suite, [by, name, args]: Call): Promise<Set<string>> {
  const data = escrow.interface.encodeFunctionData(name as never, args as never);
  const call = { from: await by.getAddress(), to: await escrow.getAddress(), data };
  const found = new Set<string>();
  for (let gas = 50_000; gas < 3_000_000; gas = Math.ceil(gas * 1.04)) {
    const params = [{ ...call, gas: toQuantity(gas) }, "latest"];
    await provider.request({ method: "eth_call", params }).then(
      () => found.add(succeeds),
      ({ data: reason = "0x" }: { data?: string }) => {
        if (reason !== "0x") found.add(escrow.interface.parseError(reason)?.name ?? reason);
      },
    );
  }
  return found;
}

describe("Escrow gas", () => {
  itFollows("escrow/gas.tree");

  describe("to ask a sanctions oracle that would let a starved caller's parties pass", () => {
    const GIVES_UP_WHEN_STARVED = 6;

    async function withSanctionedBuyer() {
      const suite = await deployEscrow();
      const oracle = await ethers.deployContract("MockSanctionsOracle");
      await oracle.setMode(GIVES_UP_WHEN_STARVED);
      await oracle.setSanctioned(suite.buyer, true);
      await suite.registry.setPolicy({ ...denyList, sanctionsOracle: await oracle.getAddress() });
      return suite;
    }

    const DEPOSITS: Record<string, (suite: Suite, payment: Payment) => Promise<readonly unknown[]>> = {
      deposit: () => Promise.resolve([]),
      depositWithPermit: signPermit,
      depositWithAuthorization: (suite, payment) => signAuthorization(suite, payment, suite.buyer),
      depositWithPermit2: (suite, payment) => signPermit2(suite, payment, suite.buyer),
    };
    for (const [name, signed] of Object.entries(DEPOSITS)) {
      describe(name, () => {
        it("reverts with InsufficientGas given less than that takes, and never accepts the deposit", async () => {
          const suite = await loadFixture(withSanctionedBuyer);
          const payment = await termsOf(suite);
          const args = [payment, ...(await signed(suite, payment))];
          expect(await outcomes(suite, [suite.buyer, name, args])).to.have.all.keys(
            "InsufficientGas",
            "NotCompliant",
          );
        });
      });
    }

    describe("screen", () => {
      it("reverts with InsufficientGas given less than that takes", async () => {
        const suite = await loadFixture(withSanctionedBuyer);
        const call: Call = [suite.stranger, "screen", [suite.buyer.address]];
        expect(await outcomes(suite, call)).to.have.all.keys("InsufficientGas", succeeds);
      });
    });
  });

  describe("to pay somebody who accepts nothing", () => {
    /** Blacklists the seller of a payment, so that only a fair attempt makes a credit. */
    const blacklisted = async (suite: Suite, payment: Payment) => {
      await suite.usdc.setBlacklisted(payment.seller, true);
      return payment;
    };
    const withCredit = async (suite: Suite) => {
      const { payment } = await fund(suite);
      await blacklisted(suite, payment);
      await suite.escrow.connect(suite.buyer).release(payment, payment.amount);
      return payment;
    };

    const PAYOUTS: Record<string, (suite: Suite) => Promise<Call>> = {
      release: async (suite) => {
        const { payment } = await fund(suite);
        return [suite.buyer, "release", [await blacklisted(suite, payment), payment.amount]];
      },
      refund: async (suite) => {
        const { payment } = await fund(suite);
        await suite.usdc.setBlacklisted(suite.buyer, true);
        return [suite.seller, "refund", [payment, payment.amount]];
      },
      claim: async (suite) => {
        const { payment } = await fund(suite);
        await time.increaseTo(payment.deadline);
        return [suite.stranger, "claim", [await blacklisted(suite, payment)]];
      },
      settle: async (suite) => {
        const { payment, paymentId } = await fund(suite);
        const terms = { sellerAmount: payment.amount, buyerAmount: 0n, validUntil: payment.deadline };
        const [byBuyer, bySeller] = await Promise.all(
          [suite.buyer, suite.seller].map(async (party) => {
            const { serialized } = await sign(party, suite.domain, SETTLEMENT, { paymentId, ...terms });
            return serialized;
          }),
        );
        await blacklisted(suite, payment);
        return [suite.stranger, "settle", [payment, ...Object.values(terms), byBuyer, bySeller]];
      },
      resolve: async (suite) => {
        const { payment } = await fundAndDispute(suite);
        await blacklisted(suite, payment);
        return [suite.arbiter, "resolve", [payment, payment.amount, 0n, ethers.ZeroHash]];
      },
    };
    for (const [name, arrange] of Object.entries(PAYOUTS)) {
      describe(name, () => {
        it("reverts with InsufficientGas given less than a fair attempt takes", async () => {
          const suite = await loadFixture(deployEscrow);
          const found = await outcomes(suite, await arrange(suite));
          expect(found).to.have.all.keys("InsufficientGas", succeeds);
        });
      });
    }

    describe("withdrawCredit", () => {
      it("reverts with InsufficientGas given less than a fair attempt takes", async () => {
        const suite = await loadFixture(deployEscrow);
        const { token, seller } = await withCredit(suite);
        const call: Call = [suite.stranger, "withdrawCredit", [token, seller, seller]];
        expect(await outcomes(suite, call)).to.have.all.keys("InsufficientGas", "CreditPushFailed");
      });
    });

    describe("sweepSurplus", () => {
      it("reverts with InsufficientGas given less than a fair attempt takes", async () => {
        const suite = await loadFixture(deployEscrow);
        const payment = await withCredit(suite);
        await suite.usdc.mint(suite.escrow, usd(5));
        const call: Call = [suite.treasury, "sweepSurplus", [payment.token, payment.seller, usd(5)]];
        expect(await outcomes(suite, call)).to.have.all.keys("InsufficientGas", "CreditPushFailed");
      });
    });
  });
});
