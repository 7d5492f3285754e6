import { writeFile } from "node:fs/promises";
import path from "node:path";

import { formatUnits, id } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { deposit } from "../../scenario/deposits.js";
import { suspect } from "../../scenario/officers.js";
import { openDispute, refund, release } from "../../scenario/payouts.js";
import type { Story } from "../../scenario/story.js";
import { explain, type Telling } from "../../scenario/telling.js";
import { mined } from "../../scenario/world.js";
import type { Incident } from "../incident.js";

/*
 * What users report, of which no alert can know.
 */

const IN_USDC = { ends: "Closed", tokens: ["USDC"] } as const;
const RELEASED: Story = { ...IN_USDC, name: "released", steps: [deposit, release("buyer")] };
const REFUNDED: Story = { ...IN_USDC, name: "refunded", steps: [deposit, refund("seller")] };
const DISPUTED: Story = { ...IN_USDC, name: "disputed", steps: [deposit, openDispute("buyer")] };
const REFUSED: Story = {
  ...IN_USDC,
  name: "refused at first",
  terms: { newcomer: "buyer" },
  steps: [suspect("buyer")],
};

export const duplicatePayment: Incident = {
  name: "duplicate-payment",
  runbook: "duplicate-payment",
  happens: "a buyer pays twice for one order",
  async cause(stack) {
    const earlier = await stack.begin(RELEASED, { paymentReference: id("an order") });
    const later = await stack.beginAgain(earlier);
    const { payment, token } = later.run;
    return {
      ...{ REFERENCE: payment.paymentReference, BUYER: payment.buyer, SELLER: payment.seller },
      ...{ TOKEN: payment.token, AMOUNT: formatUnits(payment.amount, token.decimals) },
      ...{ EARLIER: earlier.run.paymentId, EARLIER_TRANSACTION: await stack.depositOf(earlier) },
      ...{ LATER: later.run.paymentId, LATER_TRANSACTION: await stack.depositOf(later) },
    };
  },
};

export const missingPayment: Incident = {
  name: "missing-payment",
  runbook: "missing-payment",
  happens: "a buyer sends money without terms",
  async cause({ world }) {
    const buyer = await world.people.numbered(1);
    const { contract } = world.tokens.find(({ symbol }) => symbol === "USDC")!;
    await mined(contract.connect(buyer).mint(buyer.address, 5_000_000n));
    const { hash } = await mined(contract.connect(buyer).transfer(world.escrow, 5_000_000n));
    return { TRANSACTION: hash };
  },
};

export const disputedRelease: Incident = {
  name: "disputed-release",
  runbook: "disputed-release",
  happens: "somebody presses for the release of a disputed payment",
  async cause(stack) {
    const disputed = await stack.begin(DISPUTED);
    await disputed.advance();
    const ruling = path.join(stack.deployDirectory, "ruling.txt");
    await writeFile(ruling, "The goods arrived late: forty to the seller.\n");
    return { PAYMENT: disputed.run.paymentId, TO_SELLER: "40", RULING: ruling };
  },
};

export const suspiciousProof: Incident = {
  name: "suspicious-proof",
  runbook: "suspicious-proof",
  happens: "the deposit of one payment is shown as proof of another",
  cases: ["another"],
  async cause(stack) {
    const shown = await stack.begin(RELEASED);
    const other = await stack.begin(RELEASED);
    return { ...proofOf(other), TRANSACTION: await stack.depositOf(shown) };
  },
};

export const refundedProof: Incident = {
  name: "refunded-proof",
  runbook: "suspicious-proof",
  happens: "the deposit of a payment that was refunded since is shown as proof of it",
  cases: ["refunded"],
  async cause(stack) {
    const refunded = await stack.begin(REFUNDED);
    await refunded.advance();
    return { ...proofOf(refunded), TRANSACTION: await stack.depositOf(refunded) };
  },
};

/** What a merchant is told, and knows of the order. */
const proofOf = ({ run: { paymentId, payment } }: Telling) => ({
  PAYMENT: paymentId,
  REFERENCE: payment.paymentReference,
});

/** Position in the Solidity enum `PaymentStatus`. */
const NOT_DEPOSITED = 0n;

let refused: Telling;

export const complianceBlock: Incident = {
  name: "compliance-block",
  runbook: "compliance-block",
  happens: "a buyer passed verification, and an old score still stops them",
  async cause(stack) {
    refused = await stack.begin(REFUSED);
    return {
      ...{ ACCOUNT: refused.run.payment.buyer, RISK_SCORE: "10", EXPIRY: "365d" },
      EVIDENCE: id("a salt, and what was looked at"),
    };
  },
  async check({ world }) {
    const { status } = await world.escrow.paymentState(refused.run.paymentId);
    if (status !== NOT_DEPOSITED) return;
    await deposit.act(refused.run).catch((error: unknown) => {
      throw new Fault(`The buyer still cannot deposit: ${explain(error)}.`);
    });
  },
};
