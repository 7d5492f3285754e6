import { sql } from "ponder";
import { db } from "ponder:api";

import { objection } from "../objection.js";
import { chainBlock } from "./chain.js";
import { address, natural, page, pageSize, position } from "./inputs.js";

const ACCOUNTS: Readonly<Record<string, string>> = { WALLET: "wallet", CREDIT: "credit", FEES: "fees" };

interface Entry {
  block: string;
  logIndex: number;
  n: number;
}

export async function statement(args: {
  chainId: number;
  party: string;
  token: string;
  from: bigint;
  to: bigint;
  account?: string | null;
  first?: number | null;
  after?: string | null;
}) {
  const size = pageSize(args.first);
  const account = `${ACCOUNTS[args.account ?? "WALLET"]!}:${address(args.party, "party")}`;
  const token = address(args.token, "token");
  const from = natural(args.from, "from");
  const to = natural(args.to, "to");
  if (from > to)
    throw objection(`\`from\` is ${from} and \`to\` is ${to}: give a period that ends after it begins.`);
  const after = position(args.after, "entry");
  const beyond = after
    ? sql`and (block, log_index, n) > (${after[0]}::numeric, ${after[1]}::int, ${after[2]}::int)`
    : sql``;

  const { rows } = await db.execute(sql`
    with entries as (
      select *, sum(credit - debit) over (order by block, log_index, n) as balance
      from ledger_entry
      where chain_id = ${args.chainId} and account = ${account} and token = ${token}
        and timestamp < ${String(to)}::numeric
    ), page as (
      select * from entries where timestamp >= ${String(from)}::numeric ${beyond}
      order by block, log_index, n limit ${size + 1}
    )
    select
      (select coalesce(sum(credit - debit), 0)::text from entries
       where timestamp < ${String(from)}::numeric) as opening,
      (select coalesce(sum(credit - debit), 0)::text from entries) as closing,
      (select coalesce(json_agg(json_build_object(
         'block', block::text, 'logIndex', log_index, 'n', n, 'timestamp', timestamp::text,
         'transactionHash', transaction_hash, 'paymentId', payment_id,
         'debit', debit::text, 'credit', credit::text, 'balance', balance::text
       ) order by block, log_index, n), '[]') from page) as entries`);
  const row = rows[0] as { opening: string; closing: string; entries: Entry[] };
  const { items, pageInfo } = page(
    row.entries,
    size,
    ({ block, logIndex, n }) => `${block}.${logIndex}.${n}`,
  );
  return { openingBalance: row.opening, closingBalance: row.closing, entries: items, pageInfo };
}

export async function totalsAtBlock(args: { chainId: number; token: string; block: bigint }) {
  const token = address(args.token, "token");
  const block = natural(args.block, "block");
  const { rows } = await db.execute(sql`
    select ${chainBlock(args.chainId)}::text as head,
      coalesce(sum(credit - debit) filter (where account like 'payment:%'), 0)::text as held,
      coalesce(sum(credit - debit) filter (where account like 'credit:%'), 0)::text as credits
    from ledger_entry
    where chain_id = ${args.chainId} and token = ${token} and block <= ${String(block)}::numeric`);
  const row = rows[0] as { head: string | null; held: string; credits: string };
  if (row.head === null) throw objection(`\`chainId\` is ${args.chainId}, which is not indexed here.`);
  if (block > BigInt(row.head)) {
    throw objection(
      `\`block\` is ${block}, and the last that is indexed is ${row.head}: ask for that or before.`,
    );
  }
  return { block, held: row.held, credits: row.credits };
}
