import { Fault } from "../../../deploy/fault.js";
import { FINALS_TABLE } from "../../../indexer/guard/finals.js";
import { dependantsOf } from "../reconcile/aside.js";
import type { Query } from "./database.js";

/** What is asked of a chain: the hash of its block of that number, or nothing if it has none. */
export type HashAt = (number: number) => Promise<string | undefined>;

/** Where Ponder keeps what RPC endpoints answered, for all indexes of a database. */
const CACHE = "ponder_sync";
/** Its tables that say of which block they speak, and in which column. */
const byBlock: Record<string, string> = {
  blocks: "number",
  transactions: "block_number",
  transaction_receipts: "block_number",
  logs: "block_number",
  traces: "block_number",
  rpc_request_results: "block_number",
};

/** What was forgotten of a chain: everything after a block, with the number of blocks that were kept of it. */
export interface Forgotten {
  after: number;
  blocks: number;
}

/**
 * Forgets what RPC endpoints said of a branch that the chain has left, so that no index is made of it again.
 *
 * @param schema An index whose final block is asked too: between two cached blocks there may be many that nothing is kept of.
 * @returns Nothing if the chain still has all that is kept.
 */
export async function forgetDeadBranch(
  query: Query,
  schema: string,
  chainId: number,
  hashAt: HashAt,
): Promise<Forgotten | undefined> {
  const cached = await cachedBlocks(query, chainId);
  const final = await finalBlock(query, schema, chainId);
  const finalIsAlive = final === undefined || (await hashAt(final.number)) === final.hash;
  // What is kept from a final block on that is gone may be of two branches: some was asked for after the reorganisation.
  const ofOneBranch = finalIsAlive ? cached : cached.filter(({ number }) => number < final.number);
  const alive = await countOfAlive(ofOneBranch, hashAt);
  if (alive === cached.length && finalIsAlive) return undefined;

  const after = alive === 0 ? -1 : cached[alive - 1]!.number;
  if (!(await hasCache(query))) return { after, blocks: 0 };
  // All or nothing: intervals that claim blocks which are gone would be believed.
  await query("begin");
  try {
    await forgetAfter(query, chainId, after);
    await query("commit");
  } catch (error) {
    await query("rollback");
    throw error;
  }
  return { after, blocks: cached.length - alive };
}

async function forgetAfter(query: Query, chainId: number, after: number): Promise<void> {
  for (const [table, column] of Object.entries(byBlock)) {
    await query(`delete from ${CACHE}.${table} where chain_id = $1 and ${column} > $2`, [chainId, after]);
  }
  // Ponder writes a range of blocks with both ends included, the last one raised by one, and reads no other.
  await query(
    `update ${CACHE}.intervals set blocks = (
       select coalesce(range_agg(numrange(lower(r), least(upper(r), $2::numeric + 1), '[]')), '{}')
       from unnest(blocks) r where lower(r) <= $2) where chain_id = $1`,
    [chainId, after],
  );
  await query(`delete from ${CACHE}.intervals where chain_id = $1 and isempty(blocks)`, [chainId]);
}

/** @throws {@link Fault} if consumers read the index by views, or the schema is of such views: they would be dropped, too. */
export async function requireUnshown(query: Query, schema: string): Promise<void> {
  const [shown] = await query(
    "select 1 as is_view from pg_class where oid = to_regclass($1) and relkind = 'v'",
    [`"${schema}"._ponder_checkpoint`],
  );
  const { views, foreign } = await dependantsOf(query, schema);
  const readers = shown ? [schema] : [...views, ...foreign];
  if (readers.length === 0) return;
  throw new Fault(
    `Consumers read "${schema}" by views, which would be dropped with it. Forget the dead branch only, and make ` +
      `another index: npx hardhat reindex --schema <the index> --keep-index (docs/runbooks/index-wrong.md). The views:`,
    { details: readers },
  );
}

/** Removes an index with all that looks at it. Returns whether there was one. */
export async function dropIndex(query: Query, schema: string): Promise<boolean> {
  if (!(await isThere(query, `"${schema}"._ponder_meta`))) return false;
  await query(`drop schema "${schema}" cascade`);
  return true;
}

/** Whether a process said lately that it is writing an index. */
export async function isBeingWritten(query: Query, schema: string, now = Date.now()): Promise<boolean> {
  if (!(await isThere(query, `"${schema}"._ponder_meta`))) return false;
  const [row] = await query(
    `select (value->>'is_locked')::int as locked, (value->>'heartbeat_at')::bigint as heartbeat from "${schema}"._ponder_meta`,
  );
  return Number(row?.locked) === 1 && now - Number(row?.heartbeat) < HEARTBEAT_TIMEOUT_MS;
}

/** After so long without a sign of life Ponder takes a writer for dead. */
const HEARTBEAT_TIMEOUT_MS = 25_000;

interface CachedBlock {
  number: number;
  hash: string;
}

async function cachedBlocks(query: Query, chainId: number): Promise<CachedBlock[]> {
  if (!(await hasCache(query))) return [];
  const rows = await query(`select number, hash from ${CACHE}.blocks where chain_id = $1 order by number`, [
    chainId,
  ]);
  return rows.map(({ number, hash }) => ({ number: Number(number), hash: String(hash) }));
}

async function finalBlock(query: Query, schema: string, chainId: number): Promise<CachedBlock | undefined> {
  if (!(await isThere(query, `"${schema}".${FINALS_TABLE}`))) return undefined;
  const [row] = await query(`select number, hash from "${schema}".${FINALS_TABLE} where chain_id = $1`, [
    chainId,
  ]);
  return row && { number: Number(row.number), hash: String(row.hash) };
}

/** How many of the blocks, from the first on, the chain still has: where one is gone, all after it are. */
async function countOfAlive(blocks: readonly CachedBlock[], hashAt: HashAt): Promise<number> {
  let [least, most] = [0, blocks.length];
  while (least < most) {
    const middle = (least + most) >> 1;
    const { number, hash } = blocks[middle]!;
    if ((await hashAt(number)) === hash) least = middle + 1;
    else most = middle;
  }
  return least;
}

const hasCache = (query: Query) => isThere(query, `${CACHE}.blocks`);

async function isThere(query: Query, table: string): Promise<boolean> {
  const [row] = await query("select to_regclass($1) is not null as is_there", [table]);
  return row?.is_there === true;
}
