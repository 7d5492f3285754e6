import { expect } from "chai";

import { ROLES } from "../../../deploy/roles.js";
import { SETTLEMENT, sign, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  APPROVAL_THRESHOLD,
  Action,
  Bit,
  DAY,
  HOUR,
  OnDeadline,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  fund,
  loadFixture,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

const APPROVED = usd(100);

/** The approver's consent to release 100 of a large payment. */
async function withApproval() {
  const suite = await loadFixture(deployEscrow);
  const { payment, paymentId } = await fund(suite, { amount: APPROVAL_THRESHOLD });
  await suite.escrow.connect(suite.approver).approvePayout(payment, Action.Release, APPROVED);
  return { suite, payment, paymentId };
}

type Approved = Awaited<ReturnType<typeof withApproval>>;

const payOut = ({ suite: { escrow, operator }, payment }: Approved) =>
  escrow.connect(operator).release(payment, APPROVED);

/** Another approval, which the operator uses at once. */
async function operate({ suite, payment }: Approved, act: "release" | "refund", amount: bigint) {
  const { escrow, approver, operator } = suite;
  const action = act === "release" ? Action.Release : Action.Refund;
  await escrow.connect(approver).approvePayout(payment, action, amount);
  await escrow.connect(operator)[act](payment, amount);
}

const dispute = ({ suite: { escrow, seller }, payment }: Approved) =>
  escrow.connect(seller).openDispute(payment, ethers.ZeroHash, "");

async function settle({ suite, payment, paymentId }: Approved) {
  const { escrow, buyer, seller, domain } = suite;
  const validUntil = BigInt(await time.latest()) + HOUR;
  const terms = { paymentId, sellerAmount: payment.amount, buyerAmount: 0n, validUntil };
  const { serialized: ofBuyer } = await sign(buyer, domain, SETTLEMENT, terms);
  const { serialized: ofSeller } = await sign(seller, domain, SETTLEMENT, terms);
  await escrow.settle(payment, payment.amount, 0, validUntil, ofBuyer, ofSeller);
}

type Change = (approved: Approved) => Promise<unknown>;

/** What happens between the approval and the payout, by the error that the operator then meets. */
const CHANGES: Readonly<
  Record<"ApprovalRequired" | "InvalidStatus" | "PaymentOnHold", Record<string, Change>>
> = {
  ApprovalRequired: {
    "the buyer released the smallest unit": ({ suite: { escrow, buyer }, payment }) =>
      escrow.connect(buyer).release(payment, 1),
    "the seller refunded the smallest unit": ({ suite: { escrow, seller }, payment }) =>
      escrow.connect(seller).refund(payment, 1),
    "as much was released and refunded": async ({ suite: { escrow, buyer, seller }, payment }) => {
      await escrow.connect(buyer).release(payment, 1);
      await escrow.connect(seller).refund(payment, 1);
    },
    "an operator released under another approval": (approved) => operate(approved, "release", usd(7)),
    "an operator refunded under another approval": (approved) => operate(approved, "refund", usd(7)),
    "it was used": payOut,
    "seven days passed": () => time.increase(7n * DAY),
    "the approver lost the role": ({ suite: { manager, approver } }) =>
      manager.revokeRole(ROLES.APPROVER.id, approver),
    "the operator renewed it as an approver": async (approved) => {
      const { escrow, grant, operator } = approved.suite;
      await grant("APPROVER", operator);
      await escrow.connect(operator).approvePayout(approved.payment, Action.Release, APPROVED);
    },
  },
  InvalidStatus: {
    "a dispute was opened": dispute,
    "an arbiter ruled": async (approved) => {
      await dispute(approved);
      const { escrow, arbiter } = approved.suite;
      await escrow.connect(arbiter).resolve(approved.payment, approved.payment.amount, 0, ethers.ZeroHash);
    },
    "the parties settled": settle,
    "the deadline was claimed": async ({ suite: { escrow }, payment }) => {
      await time.increaseTo(payment.deadline);
      await escrow.claim(payment);
    },
    "the buyer released everything": ({ suite: { escrow, buyer }, payment }) =>
      escrow.connect(buyer).release(payment, payment.amount),
  },
  PaymentOnHold: {
    "compliance held the payment": ({ suite: { escrow, officer }, paymentId }) =>
      escrow.connect(officer).hold(paymentId, ""),
  },
};

/** What leaves the payment, when it is over, in the state that was approved. */
const NO_CHANGES: Readonly<Record<string, Change>> = {
  "a dispute was opened and withdrawn": async (approved) => {
    await dispute(approved);
    await approved.suite.escrow.connect(approved.suite.seller).withdrawDispute(approved.payment);
  },
  "a hold was set and lifted": async ({ suite: { escrow, officer }, paymentId }) => {
    await escrow.connect(officer).hold(paymentId, "");
    await escrow.connect(officer).unhold(paymentId, "");
  },
  "payouts were paused and unpaused": async ({ suite: { escrow, guardian, unpauser } }) => {
    await escrow.connect(guardian).pause(Bit.PAYOUTS, DAY, "");
    await escrow.connect(unpauser).unpause(Bit.PAYOUTS);
  },
  "the token's limits were changed": ({ suite: { escrow, usdc } }) =>
    configure(escrow, usdc, { approvalThreshold: 0 }),
  "another payment between the same parties moved": async ({ suite }) => {
    const { payment } = await fund(suite, { amount: APPROVAL_THRESHOLD });
    await suite.escrow.connect(suite.buyer).release(payment, APPROVED);
  },
  "another approver joined": ({ suite: { grant, stranger } }) => grant("APPROVER", stranger),
};

/** Terms of the same buyer that differ from those approved in one. */
const otherTerms = async (
  { stranger, usdt }: Suite,
  { amount, deadline }: Payment,
): Promise<Partial<Payment>[]> => [
  { seller: stranger.address },
  { token: await usdt.getAddress() },
  { amount: amount + 1n },
  { deadline: deadline + 1n },
  { onDeadline: OnDeadline.Refund },
  { arbiter: stranger.address },
  { disputeWindow: HOUR },
  { feeBps: 101n },
  { feeRecipient: stranger.address },
  { paymentReference: ethers.id("another order") },
];

describe("Escrow approval, once given,", () => {
  itFollows("escrow/staleApprovals.tree");

  for (const [error, changes] of Object.entries(CHANGES) as [
    keyof typeof CHANGES,
    Record<string, Change>,
  ][]) {
    describe(`that ends in ${error}`, () => {
      for (const [happened, change] of Object.entries(changes)) {
        it(`is useless once ${happened}`, async () => {
          const approved = await withApproval();
          await change(approved);
          await expect(payOut(approved)).to.be.revertedWithCustomError(approved.suite.escrow, error);
        });
      }
    });
  }

  describe("whose payment is in the same state again", () => {
    for (const [happened, change] of Object.entries(NO_CHANGES)) {
      it(`still serves after ${happened}`, async () => {
        const approved = await withApproval();
        await change(approved);
        await payOut(approved);
      });
    }
  });

  describe("of one payout", () => {
    it("is bound to every term of the payment", async () => {
      const approved = await withApproval();
      const { suite, payment } = approved;
      for (const change of await otherTerms(suite, payment)) {
        const other = { ...payment, ...change };
        await suite.escrow.connect(suite.buyer).deposit(other);
        const call = payOut({ ...approved, payment: other });
        await expect(call, Object.keys(change)[0]).to.be.revertedWithCustomError(
          suite.escrow,
          "ApprovalRequired",
        );
      }
    });

    it("is bound to the amount, to the smallest unit", async () => {
      const { suite, payment } = await withApproval();
      for (const amount of [APPROVED - 1n, APPROVED + 1n, payment.amount]) {
        const call = suite.escrow.connect(suite.operator).release(payment, amount);
        await expectRefusal(suite, call, "ApprovalRequired");
      }
    });

    it("is bound to the direction", async () => {
      const { suite, payment } = await withApproval();
      const call = suite.escrow.connect(suite.operator).refund(payment, APPROVED);
      await expectRefusal(suite, call, "ApprovalRequired");
    });

    it("is bound to two people: whoever approved last cannot also pay out", async () => {
      const { suite, payment } = await withApproval();
      await suite.grant("OPERATOR", suite.approver);
      const call = suite.escrow.connect(suite.approver).release(payment, APPROVED);
      await expectRefusal(suite, call, "ApprovalRequired");
      await suite.escrow.connect(suite.operator).release(payment, APPROVED);
    });
  });
});
