import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { SETTLEMENT, paymentIdOf, sign, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  Action,
  Status,
  at,
  deployEscrow,
  ethers,
  fund,
  fundAndDispute,
  loadFixture,
  termsOf,
  type Suite,
} from "../fixtures/escrow.js";

const STATES = {
  None: async (suite: Suite) => {
    const payment = await termsOf(suite);
    return { payment, paymentId: paymentIdOf(suite.domain, payment) };
  },
  Funded: fund,
  Disputed: fundAndDispute,
  Closed: async (suite: Suite) => {
    const funded = await fund(suite);
    await suite.escrow.connect(suite.buyer).release(funded.payment, funded.payment.amount);
    return funded;
  },
  "Funded on hold": async (suite: Suite) => onHold(suite, await fund(suite)),
  "Disputed on hold": async (suite: Suite) => onHold(suite, await fundAndDispute(suite)),
};

async function onHold({ escrow, officer }: Suite, funded: { payment: Payment; paymentId: string }) {
  await escrow.connect(officer).hold(funded.paymentId, "inquiry");
  return funded;
}

type Call = (suite: Suite, payment: Payment, paymentId: string) => Promise<ContractTransactionResponse>;

/** Each by somebody who may, at a time when they may. */
const CALLS: Record<string, Call> = {
  release: ({ escrow, buyer }, payment) => escrow.connect(buyer).release(payment, 1),
  refund: ({ escrow, seller }, payment) => escrow.connect(seller).refund(payment, 1),
  claim: async ({ escrow }, payment) => {
    await at(payment.deadline + payment.disputeWindow);
    return escrow.claim(payment);
  },
  settle: async ({ escrow, buyer, seller, domain }, payment, paymentId) => {
    const validUntil = payment.deadline;
    const split = { sellerAmount: payment.amount, buyerAmount: 0n };
    const signatures = [buyer, seller].map((party) =>
      sign(party, domain, SETTLEMENT, { paymentId, ...split, validUntil }),
    );
    const [bySeller, byBuyer] = (await Promise.all(signatures)).map(({ serialized }) => serialized).reverse();
    return escrow.settle(payment, payment.amount, 0, validUntil, byBuyer!, bySeller!);
  },
  openDispute: ({ escrow, seller }, payment) =>
    escrow.connect(seller).openDispute(payment, ethers.ZeroHash, ""),
  withdrawDispute: ({ escrow, buyer }, payment) => escrow.connect(buyer).withdrawDispute(payment),
  resolve: ({ escrow, arbiter }, payment) =>
    escrow.connect(arbiter).resolve(payment, 0, payment.amount, ethers.ZeroHash),
  approvePayout: ({ escrow, approver }, payment) =>
    escrow.connect(approver).approvePayout(payment, Action.Release, 1),
  hold: ({ escrow, officer }, _, paymentId) => escrow.connect(officer).hold(paymentId, ""),
  unhold: ({ escrow, officer }, _, paymentId) => escrow.connect(officer).unhold(paymentId, ""),
};

const [ok, status, held, unchanged] = ["is allowed", "InvalidStatus", "PaymentOnHold", "HoldUnchanged"];

/** What becomes of each call in each state; the columns are those of {STATES}. */
const TABLE: Record<keyof typeof CALLS, string[]> = {
  release: [status, ok, status, status, held, status],
  refund: [status, ok, status, status, held, status],
  claim: [status, ok, ok, status, held, held],
  settle: [status, ok, ok, status, held, held],
  openDispute: [status, ok, status, status, ok, status],
  withdrawDispute: [status, status, ok, status, status, ok],
  resolve: [status, status, ok, status, status, held],
  approvePayout: [status, ok, status, status, ok, status],
  hold: [status, ok, ok, status, unchanged, unchanged],
  unhold: [status, unchanged, unchanged, status, ok, ok],
};

/** What the errors say besides the paymentId. */
function extraArguments(error: string, state: string): unknown[] {
  const [plain, onHold] = state.split(" ") as [keyof typeof Status, string?];
  if (error === status) return [Status[plain]];
  return error === unchanged ? [onHold !== undefined] : [];
}

describe("Escrow states", () => {
  itFollows("escrow/states.tree");

  for (const [name, outcomes] of Object.entries(TABLE)) {
    describe(name, () => {
      for (const [i, state] of (Object.keys(STATES) as (keyof typeof STATES)[]).entries()) {
        const outcome = outcomes[i]!;
        it(`${outcome === ok ? ok : `reverts with ${outcome}`} given ${state}`, async () => {
          const suite = await loadFixture(deployEscrow);
          const { payment, paymentId } = await STATES[state](suite);
          const call = CALLS[name]!(suite, payment, paymentId);
          if (outcome === ok) {
            await call;
          } else {
            await expect(call)
              .to.be.revertedWithCustomError(suite.escrow, outcome)
              .withArgs(paymentId, ...extraArguments(outcome, state));
          }
        });
      }
    });
  }

  describe("paymentState", () => {
    it("keeps nothing of a closed payment but what was released", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment, paymentId } = await fundAndDispute(suite, {}, suite.seller);
      await suite.escrow.connect(suite.arbiter).resolve(payment, 1, payment.amount - 1n, ethers.ZeroHash);
      const { status, flags, disputedAt, held, released } = await suite.escrow.paymentState(paymentId);
      expect([status, flags, disputedAt, held, released]).to.deep.equal([Status.Closed, 0n, 0n, 0n, 1n]);
    });
  });
});
