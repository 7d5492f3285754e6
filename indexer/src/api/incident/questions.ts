/** Rows that an answer has at most. */
const MOST = 500;
/** Blocks back in which payments are looked at that paid out more than they should: a week of 12 s each. */
const RECENT_BLOCKS = 50_400;

interface Question {
  readonly tells: string;
  /** Reads tables only by their indexes. `c` is the chain's checkpoint; `now` and `block` are what it says. */
  readonly sql: string;
}

/**
 * What can be asked of the tables, one a kind of triage. None tells an address of a party, also not a pseudonymous one, which is
 * personal data: payments go by their ids, tokens by their contracts, credits by how many accounts have one.
 */
export const QUESTIONS = {
  stuck: {
    tells: "Payments whose deadline is over and that nobody has claimed, and payments on hold.",
    sql: `select chain_id as "chainId", payment_id as "paymentId", status, on_hold as "onHold", token,
        held::text as "held", deadline::text as "deadline"
      from payment join at using (chain_id)
      where status in ('Funded', 'Disputed') and (on_hold or (status = 'Funded' and deadline <= now))
      order by status, deadline limit ${MOST}`,
  },
  disputes: {
    tells: "Disputes on which nobody ruled in time.",
    sql: `select chain_id as "chainId", payment_id as "paymentId", n, claimable_at::text as "claimableAt"
      from dispute join at using (chain_id)
      where status = 'Open' and claimable_at <= now order by claimable_at limit ${MOST}`,
  },
  approvals: {
    tells: "Approvals of operators' payouts that were not used, and whether they have run out.",
    sql: `select chain_id as "chainId", payment_id as "paymentId", approval_id as "approvalId", action,
        amount::text as "amount", expires_at::text as "expiresAt", expires_at <= now as "expired"
      from payout_approval join at using (chain_id)
      where status = 'Approved' order by expires_at limit ${MOST}`,
  },
  credits: {
    tells: "Payouts that could not be pushed and wait, by token, and by why.",
    sql: `select chain_id as "chainId", token, frozen, reason, count(*)::int as "accounts", sum(balance)::text as "balance"
      from credit join at using (chain_id)
      where frozen in (true, false) and balance > 0 group by chain_id, token, frozen, reason
      order by token, frozen limit ${MOST}`,
  },
  doubles: {
    tells: `Payments that changed in the last ${RECENT_BLOCKS} blocks and whose held, released and refunded are not their amount.`,
    sql: `select chain_id as "chainId", payment_id as "paymentId", status, amount::text as "amount", held::text as "held",
        released::text as "released", refunded::text as "refunded"
      from payment join at using (chain_id)
      where updated_block > block - ${RECENT_BLOCKS} and held + released + refunded <> amount
      order by updated_block desc limit ${MOST}`,
  },
  leaks: {
    tells: "Tokens whose totals are not the sums of their payments and credits, as the tables have both.",
    sql: `select * from (
        select chain_id as "chainId", t.address as "token", t.held::text as "held", t.credits::text as "credits",
          (select coalesce(sum(p.held), 0) from payment p where p.token = t.address and p.chain_id = t.chain_id
            and p.status in ('Funded', 'Disputed'))::text as "heldByPayments",
          (select coalesce(sum(k.balance), 0) from credit k where k.frozen in (true, false) and k.balance > 0
            and k.token = t.address and k.chain_id = t.chain_id)::text as "creditsOfAccounts"
        from token t join at using (chain_id)) books
      where "held" <> "heldByPayments" or "credits" <> "creditsOfAccounts" limit ${MOST}`,
  },
  lag: {
    tells: "How far the tables are, by the chain's own time.",
    sql: `select chain_id as "chainId", block::text as "block", now::text as "time",
        (extract(epoch from clock_timestamp())::bigint - now)::text as "secondsBehindTheClock" from at order by chain_id`,
  },
} as const satisfies Record<string, Question>;

export type QuestionName = keyof typeof QUESTIONS;

/** Where Ponder writes time and block into its checkpoints, which are digits of a fixed width. */
const AT = `at as (select chain_id::int as chain_id, substr(latest_checkpoint, 1, 10)::bigint as now,
    substr(latest_checkpoint, 27, 16)::bigint as block from _ponder_checkpoint)`;

/** The statement that answers a question: one, so that all of it is of one moment. */
export const statementOf = (name: QuestionName): string => `with ${AT} ${QUESTIONS[name].sql}`;

/** An answer as it is sent. */
export const answerOf = (name: QuestionName, rows: readonly unknown[]) => ({
  question: name,
  tells: QUESTIONS[name].tells,
  rows,
  complete: rows.length < MOST,
});
