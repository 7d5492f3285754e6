import { and, eq, sql } from "ponder";
import { db } from "ponder:api";
import { payment } from "ponder:schema";

import { proveSlot } from "../proof/node.js";
import { agrees, hashTerms, readSlot, slotOf } from "../proof/slot.js";
import { chainBlock } from "./chain.js";
import { bytes32 } from "./inputs.js";

/** A block may be replaced between the row's reading and the node's answer: then the next attempt agrees. */
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 300;

/** The row, and what a node says of the payment at the block at which the row stands. */
export async function verifyPayment(args: { chainId: number; paymentId: string }) {
  const paymentId = bytes32(args.paymentId, "paymentId");
  for (let attempt = 1; ; attempt++) {
    const [found] = await db
      .select({ payment, block: sql<string>`${chainBlock(args.chainId)}::text` })
      .from(payment)
      .where(and(eq(payment.chainId, args.chainId), eq(payment.paymentId, paymentId)));
    if (!found) return null;
    const { payment: row, block } = found;
    const slot = slotOf(paymentId);
    const proof = await proveSlot(args.chainId, row.escrow, slot, BigInt(block));
    const state = readSlot(proof.value);
    const termsHash = hashTerms(row);
    const matches = termsHash === paymentId && agrees(row, state);
    if (matches || attempt === ATTEMPTS) {
      return { ...proof, payment: row, escrow: row.escrow, termsHash, slot, state, matches };
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_ATTEMPTS_MS));
  }
}
