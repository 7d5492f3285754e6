import { AbiCoder, keccak256 } from "ethers";

import { askEscrow } from "./ask-escrow.js";
import { inBatches } from "./batches.js";
import type { Approval } from "./history.js";
import type { Site } from "./site.js";

const PAYMENTS_AT_ONCE = 100;
const COLUMNS = ["paymentId", "action", "amount", "held", "released"];
/** Positions in the Solidity enum `PayoutAction`. */
const ACTIONS = { Release: 0, Refund: 1 } as const;
const ID = ["bytes32", "uint8", "uint256", "uint256", "uint256"];

/**
 * Approvals of payments that began before the logs that were read. That the read model lists one proves nothing: its id is a hash
 * of what it approves, and of an id the escrow knows whether it was given, until when, and that nobody used it.
 *
 * @throws If the read model does not answer, or answers with nonsense.
 */
export async function readEarlierApprovals(
  site: Site,
  paymentIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Approval[]>> {
  const listed = await inBatches(paymentIds, PAYMENTS_AT_ONCE, (some) => list(site, some));
  const expiries = await askEscrow(
    site,
    "approvalExpiry",
    listed.map(({ approvalId }) => [approvalId] as const),
  );
  const found = new Map<string, Approval[]>();
  listed.forEach(({ paymentId, ...approval }, i) => {
    const expiresAt = Number(expiries[i]![0]);
    if (expiresAt === 0) return;
    found.set(paymentId, [...(found.get(paymentId) ?? []), { ...approval, expiresAt, isSpent: false }]);
  });
  return found;
}

type Listed = Omit<Approval, "expiresAt" | "isSpent"> & { readonly paymentId: string };

async function list({ readModel, place }: Site, paymentIds: readonly string[]): Promise<Listed[]> {
  const where = { paymentId_in: JSON.stringify(paymentIds), status_in: "[Approved, Stale]" };
  const found: Listed[] = [];
  for await (const row of readModel.rows("payoutApprovals", place.record.chainId, COLUMNS, where))
    found.push(approvalOf(row as Record<string, string>));
  return found;
}

function approvalOf(row: Record<string, string>): Listed {
  const paymentId = row.paymentId!;
  const position = ACTIONS[row.action as keyof typeof ACTIONS];
  const [amount, held, released] = [BigInt(row.amount!), BigInt(row.held!), BigInt(row.released!)];
  const encoded = AbiCoder.defaultAbiCoder().encode(ID, [paymentId, position, amount, held, released]);
  const action = row.action === "Release" ? "release" : "refund";
  return { approvalId: keccak256(encoded), paymentId, action, amount, held, released };
}
