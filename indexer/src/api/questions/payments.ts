import { and, asc, eq, ne, sql } from "ponder";
import { db } from "ponder:api";
import { payment } from "ponder:schema";

import { chainTime, type Sql } from "./chain.js";
import { bytes32, hours, page, pageSize, position } from "./inputs.js";

interface Paging {
  chainId: number;
  first?: number | null;
  after?: string | null;
}

type PaymentRow = typeof payment.$inferSelect;

/** Each reason as SQL over a payment that is not closed. */
const reasonsOf = (chainId: number): Record<string, Sql> => {
  const now = chainTime(chainId);
  const blocked = (account: typeof payment.buyer | typeof payment.seller) =>
    sql`exists (select 1 from compliance_record r
        where r.chain_id = ${payment.chainId} and r.account = ${account} and r.standing = 'Blocked')`;
  const disputeEnds = sql`(select d.claimable_at from dispute d where d.chain_id = ${payment.chainId}
    and d.payment_id = ${payment.paymentId} and d.n = ${payment.disputeCount})`;
  const isDisputed = sql`${payment.status} = 'Disputed'`;
  return {
    ON_HOLD: sql`${payment.onHold}`,
    OVERDUE: sql`(${payment.status} = 'Funded' and ${payment.deadline} <= ${now})`,
    AWAITING_RULING: sql`(${isDisputed} and ${disputeEnds} > ${now})`,
    ARBITER_SILENT: sql`(${isDisputed} and ${disputeEnds} <= ${now})`,
    EXITS_PAUSED: sql`exists (select 1 from pause p where p.chain_id = ${payment.chainId}
      and p.contract = ${payment.escrow} and p.bit = 'Exits' and p.until > ${now})`,
    BUYER_BLOCKED: blocked(payment.buyer),
    SELLER_BLOCKED: blocked(payment.seller),
  };
};

export async function stuckPayments(args: Paging & { reason?: string | null }) {
  const size = pageSize(args.first);
  const reasons = reasonsOf(args.chainId);
  const wanted = args.reason ? [reasons[args.reason]!] : Object.values(reasons);
  const named = Object.entries(reasons).map(([name, is]) => sql`case when ${is} then ${name}::text end`);
  const rows = await db
    .select({
      payment,
      reasons: sql<string[]>`to_json(array_remove(array[${sql.join(named, sql`, `)}], null))`,
    })
    .from(payment)
    .where(
      and(
        eq(payment.chainId, args.chainId),
        ne(payment.status, "Closed"),
        sql`(${sql.join(wanted, sql` or `)})`,
        beyond(payment.createdAt, args.after),
      ),
    )
    .orderBy(asc(payment.createdAt), asc(payment.paymentId))
    .limit(size + 1);
  return page(rows, size, (row) => `${row.payment.createdAt}.${row.payment.paymentId}`);
}

export async function duePayments(args: Paging & { withinHours: number }) {
  const now = chainTime(args.chainId);
  return payments(args, payment.deadline, (row) => row.deadline, [
    ne(payment.status, "Closed"),
    sql`${payment.deadline} > ${now}`,
    sql`${payment.deadline} <= ${now} + ${hours(args.withinHours) * 3600}::numeric`,
  ]);
}

export async function paymentsByReference(args: Paging & { reference: string }) {
  return payments(args, payment.createdAt, (row) => row.createdAt, [
    eq(payment.paymentReference, bytes32(args.reference, "reference")),
  ]);
}

/** A page along a column that never changes, so that a cursor stays where it is while blocks arrive. */
async function payments(
  { chainId, first, after }: Paging,
  along: typeof payment.deadline | typeof payment.createdAt,
  valueOf: (row: PaymentRow) => bigint,
  conditions: (Sql | undefined)[],
) {
  const size = pageSize(first);
  const rows = await db
    .select()
    .from(payment)
    .where(and(eq(payment.chainId, chainId), ...conditions, beyond(along, after)))
    .orderBy(asc(along), asc(payment.paymentId))
    .limit(size + 1);
  return page(rows, size, (row) => `${valueOf(row)}.${row.paymentId}`);
}

function beyond(column: typeof payment.deadline | typeof payment.createdAt, after: Paging["after"]) {
  const parts = position(after, "payment");
  return parts && sql`(${column}, ${payment.paymentId}) > (${parts[0]}::numeric, ${parts[1]}::text)`;
}
