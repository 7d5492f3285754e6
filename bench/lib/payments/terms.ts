import { id, toBeHex, ZeroAddress } from "ethers";

import { person, type Terms } from "../../../test/support/terms.js";
import { lifecycleOf } from "./lifecycles.js";

/** How many payments one buyer makes at once. */
export const AT_ONCE = 25;
const BUYERS = 400;
const SELLERS = 100;
const HOUR = 3_600n;
const DAY = 24n * HOUR;
const UNIT = 10n ** 6n;

export const buyers: readonly string[] = Array.from({ length: BUYERS }, (_, i) => person(0x1000 + i));
export const sellers: readonly string[] = Array.from({ length: SELLERS }, (_, i) => person(0x2000 + i));
export const feeRecipient = person(0x3000);

/** Who pays and who is paid in payment number `n`; a merchant's reference is on four payments, as on instalments. */
export const buyerOf = (n: number) => buyers[Math.floor(n / AT_ONCE) % BUYERS]!;
export const sellerOf = (n: number) => sellers[(n * 7) % SELLERS]!;
export const referenceOf = (n: number) => id(`order ${Math.floor(n / 4)}`);

/**
 * The terms of payment number `n`. Half of them have a fee; three of four are in the first token.
 *
 * @param now When it is deposited.
 */
export function termsOfNumber(n: number, tokens: readonly [string, string], now: bigint): Terms {
  const hasFee = n % 2 === 0;
  const isClaimed = lifecycleOf(n).steps.some(({ does }) => does === "claim");
  return {
    buyer: buyerOf(n),
    seller: sellerOf(n),
    token: tokens[n % 4 === 3 ? 1 : 0],
    amount: BigInt(10 + (n % 90)) * UNIT + BigInt(n),
    deadline: now + (isClaimed ? HOUR : 30n * DAY),
    onDeadline: n % 3 === 0 ? 1 : 0,
    arbiter: ZeroAddress,
    disputeWindow: 7n * DAY,
    feeBps: hasFee ? 150 : 0,
    feeRecipient: hasFee ? feeRecipient : ZeroAddress,
    paymentReference: referenceOf(n),
  };
}

/** A nonzero hash that stands for a document. */
export const documentHash = (n: number) => toBeHex(0xd0c0000000n + BigInt(n), 32);
