import { sql } from "ponder";
import { db } from "ponder:api";

import { HASH_DIGITS, type Anchor, type Cursor } from "./cursor.js";

const MOST_EVENTS = 500;

/** An event of a payment as consumers get it; amounts, times and blocks are strings of digits. */
export interface PaymentChange {
  block: string;
  logIndex: number;
  blockHash: string;
  [column: string]: unknown;
}

/** What follows a cursor, all as of one moment. */
export interface Following {
  /** Which anchor of the cursor still stands; nothing if none does. */
  standing: number | null;
  events: PaymentChange[];
  /** Whether there is more already. */
  hasMore: boolean;
  head: { block: string; timestamp: string };
}

/** The columns of an event, and what one needs of its payment to know whom it concerns. */
const columns = sql.raw(`
  'chainId', e.chain_id, 'block', e.block::text, 'logIndex', e.log_index, 'blockHash', e.block_hash,
  'timestamp', e.timestamp::text, 'transactionHash', e.transaction_hash, 'paymentId', e.payment_id, 'kind', e.kind,
  'actor', e.actor, 'account', e.account, 'cause', e.cause, 'reason', e.reason, 'amount', e.amount::text,
  'fee', e.fee::text, 'held', e.held::text, 'released', e.released::text, 'sellerAmount', e.seller_amount::text,
  'buyerAmount', e.buyer_amount::text, 'hash', e.hash, 'note', e.note, 'buyer', p.buyer, 'seller', p.seller,
  'token', p.token, 'paymentReference', p.payment_reference`);

/** One statement: whether the cursor still stands must be true of the very rows that are told. */
export async function eventsAfter(chainId: number, cursor: Cursor): Promise<Following | undefined> {
  const { rows } = await db.execute(sql`
    with anchor as (
      select a.n, e.block, e.log_index
      from json_to_recordset(${JSON.stringify(cursor.map(asRow))}::json)
        as a(n int, block numeric, log_index int, hash text)
      join payment_event e on e.chain_id = ${chainId} and e.block = a.block and e.log_index = a.log_index
        and substr(e.block_hash, 3, ${HASH_DIGITS}::int) = a.hash
      order by a.n limit 1
    ), following as (
      select * from payment_event
      where chain_id = ${chainId} and (block, log_index) > (
        coalesce((select block from anchor), -1), coalesce((select log_index from anchor), -1))
      order by block, log_index limit ${MOST_EVENTS + 1}::int
    )
    select (select n from anchor) as standing,
      (select coalesce(json_agg(json_build_object(${columns}) order by e.block, e.log_index), '[]')
       from following e left join payment p on p.chain_id = e.chain_id and p.payment_id = e.payment_id) as events,
      substr(c.latest_checkpoint, 27, 16)::bigint::text as block,
      substr(c.latest_checkpoint, 1, 10)::bigint::text as timestamp
    from _ponder_checkpoint c where c.chain_id = ${chainId}`);
  const row = rows[0] as (Pick<Following, "standing" | "events"> & Following["head"]) | undefined;
  if (!row) return undefined;
  const { standing, events, block, timestamp } = row;
  return {
    standing,
    events: events.slice(0, MOST_EVENTS),
    hasMore: events.length > MOST_EVENTS,
    head: { block, timestamp },
  };
}

/** The newest event up to a block, or of all. */
export async function newestEvent(chainId: number, upToBlock?: bigint): Promise<Anchor | undefined> {
  const limit = upToBlock === undefined ? sql`` : sql`and block <= ${String(upToBlock)}::numeric`;
  const { rows } = await db.execute(sql`
    select block::text, log_index as "logIndex", substr(block_hash, 3, ${HASH_DIGITS}::int) as hash
    from payment_event where chain_id = ${chainId} ${limit} order by block desc, log_index desc limit 1`);
  const row = rows[0] as { block: string; logIndex: number; hash: string } | undefined;
  return row && { ...row, block: BigInt(row.block) };
}

/** By chain: what Ponder has got to, as it writes it. */
export async function checkpoints(): Promise<ReadonlyMap<number, string>> {
  const { rows } = await db.execute(sql`
    select chain_id::int as id, latest_checkpoint as checkpoint from _ponder_checkpoint`);
  return new Map(
    (rows as { id: number; checkpoint: string }[]).map(({ id, checkpoint }) => [id, checkpoint]),
  );
}

/** The anchor of an event. */
export const anchorOf = ({ block, logIndex, blockHash }: PaymentChange): Anchor => ({
  block: BigInt(block),
  logIndex,
  hash: blockHash.slice(2, 2 + HASH_DIGITS),
});

const asRow = ({ block, logIndex, hash }: Anchor, n: number) => ({
  n,
  block: String(block),
  log_index: logIndex,
  hash,
});
