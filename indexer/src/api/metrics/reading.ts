import { sql } from "ponder";
import { db } from "ponder:api";

import { FINALS_TABLE, type FinalBlock } from "../../../guard/finals.js";
import { identitySql, type IndexIdentity } from "../../../guard/index-id.js";

/** What the tables say at one moment, by chain: the numbers that the payments' metrics are made of. */
export interface ChainReading {
  chain: string;
  chainId: number;
  indexedBlock: number;
  indexedTime: number;
  finalizedBlock: number;
  tokens: TokenReading[];
  /** Payments that are not closed, by status. */
  unsettled: { status: string; count: number; onHold: number; oldest: number; earliestDeadline: number }[];
  credits: { token: string; frozen: boolean; accounts: number }[];
  pauses: { bit: string; until: number }[];
  operations: { waiting: number; nextReadyAt: number | null };
}

/** Amounts in the token's smallest unit. */
export interface TokenReading {
  address: string;
  held: bigint;
  credits: bigint;
  moved: Record<string, bigint>;
  payments: number;
}

type Row = Omit<ChainReading, "tokens"> & {
  tokens: {
    address: string;
    held: string;
    credits: string;
    moved: Record<string, string>;
    payments: number;
  }[];
};

/** An operation that nobody executed within a week of being ready has run out (AccessManager.expiration). */
const OPERATION_LIFE_SECONDS = 7 * 86_400;

/** Where Ponder writes timestamp and block into its checkpoints, which are digits of a fixed width. */
const time = (checkpoint: string) => `substr(c.${checkpoint}, 1, 10)::bigint`;
const block = (checkpoint: string) => `substr(c.${checkpoint}, 27, 16)::bigint`;

/**
 * One statement, so that all its numbers are of one moment; a list each of a few tokens, statuses and bits. It reads
 * the unsettled payments and the open credits through their indexes, and of nothing else more than a few rows.
 */
const statement = sql.raw(`
  select c.chain_name as "chain", c.chain_id::int as "chainId",
    ${block("latest_checkpoint")}::float8 as "indexedBlock", ${time("latest_checkpoint")}::float8 as "indexedTime",
    ${block("finalized_checkpoint")}::float8 as "finalizedBlock",
    (select coalesce(json_agg(json_build_object(
        'address', t.address, 'held', t.held::text, 'credits', t.credits::text, 'payments', t.payment_count,
        'moved', json_build_object('deposited', t.deposited::text, 'released', t.released::text,
          'refunded', t.refunded::text, 'fees', t.fees::text, 'paid_out', t.paid_out::text,
          'swept', t.swept::text))), '[]')
      from token t where t.chain_id = c.chain_id) as "tokens",
    (select coalesce(json_agg(u), '[]') from (
      select status, count(*)::int as "count", (count(*) filter (where on_hold))::int as "onHold",
        min(created_at)::bigint as "oldest", min(deadline)::bigint as "earliestDeadline"
      from payment where status in ('Funded', 'Disputed') and chain_id = c.chain_id group by status) u) as "unsettled",
    (select coalesce(json_agg(o), '[]') from (
      select token, frozen, count(*)::int as "accounts"
      from credit where balance > 0 and chain_id = c.chain_id group by token, frozen) o) as "credits",
    (select coalesce(json_agg(p), '[]') from (
      select bit, max(until)::bigint as "until" from pause where chain_id = c.chain_id group by bit) p) as "pauses",
    (select json_build_object('waiting', count(*), 'nextReadyAt', min(ready_at)::bigint)
      from scheduled_operation where status = 'Scheduled' and chain_id = c.chain_id
        and ready_at + ${OPERATION_LIFE_SECONDS} > ${time("latest_checkpoint")}) as "operations"
  from _ponder_checkpoint c order by c.chain_id`);

/** Reads the tables. */
export async function readTables(): Promise<ChainReading[]> {
  const { rows } = (await db.execute(statement)) as unknown as { rows: Row[] };
  return rows.map((row) => ({
    ...row,
    tokens: row.tokens.map(({ held, credits, moved, ...token }) => ({
      ...token,
      held: BigInt(held),
      credits: BigInt(credits),
      moved: Object.fromEntries(Object.entries(moved).map(([flow, amount]) => [flow, BigInt(amount)])),
    })),
  }));
}

/** Which index this process reads: of views, the one behind them by now. */
export async function readIdentity(): Promise<IndexIdentity> {
  const { rows } = (await db.execute(sql.raw(identitySql("_ponder_checkpoint")))) as unknown as {
    rows: IndexIdentity[];
  };
  return rows[0]!;
}

/** The last blocks that the index took for final; none in one, or behind views, of before they were noted. */
export async function readFinals(): Promise<FinalBlock[]> {
  const known = await db.execute(sql.raw(`select to_regclass('${FINALS_TABLE}') is not null as known`));
  if (!(known as unknown as { rows: { known: boolean }[] }).rows[0]!.known) return [];
  const { rows } = (await db.execute(
    sql.raw(`select chain_id::int as "chainId", number::float8 as "number", hash from ${FINALS_TABLE}`),
  )) as unknown as { rows: FinalBlock[] };
  return rows;
}

/**
 * Counts the events of payments by kind. What is final is counted once and remembered, so that the cost of a count does
 * not grow with the history, except for the first one.
 */
export class EventCounter {
  readonly #final = new Map<number, { upTo: number; counts: Record<string, number> }>();

  async count({ chainId, indexedBlock, finalizedBlock }: ChainReading): Promise<Record<string, number>> {
    const final = this.#final.get(chainId) ?? { upTo: -1, counts: {} };
    const upTo = Math.max(final.upTo, Math.min(indexedBlock, finalizedBlock));
    const { rows } = (await db.execute(sql`
      select kind::text as kind, count(*)::int as "all", (count(*) filter (where block <= ${upTo}))::int as "final"
      from payment_event where chain_id = ${chainId} and block > ${final.upTo} group by kind`)) as unknown as {
      rows: { kind: string; all: number; final: number }[];
    };
    const counts = { ...final.counts };
    const settled = { ...final.counts };
    for (const row of rows) {
      counts[row.kind] = (counts[row.kind] ?? 0) + row.all;
      settled[row.kind] = (settled[row.kind] ?? 0) + row.final;
    }
    this.#final.set(chainId, { upTo, counts: settled });
    return counts;
  }
}
