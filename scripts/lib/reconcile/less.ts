import { asideOf } from "./aside.js";
import { quoted, type Query } from "./database.js";

/**
 * What the old index has of chains that were not compared, and the new one has not: an endpoint that was behind or held back
 * may be why, and no check looks at it. Of the compared chain every row was looked at.
 *
 * @returns A line for each table and chain.
 */
export async function lessThanBefore(query: Query, schema: string, compared: number): Promise<string[]> {
  const [before, now] = [asideOf(schema), schema];
  const rowsOf = async (of: string, table: string) => {
    const rows = await query(
      `SELECT chain_id::text AS chain, count(*)::text AS rows FROM ${quoted(of)}.${quoted(table)}
       WHERE chain_id <> $1 GROUP BY chain_id ORDER BY chain_id`,
      [compared],
    );
    return new Map(rows.map(({ chain, rows: count }) => [chain as string, BigInt(count as string)]));
  };
  const lines: string[] = [];
  for (const table of await tablesOfChains(query, before)) {
    const left = await rowsOf(now, table);
    for (const [chain, rows] of await rowsOf(before, table)) {
      const found = left.get(chain) ?? 0n;
      if (found < rows) lines.push(`${table} of chain ${chain}: ${rows} rows before, ${found} now`);
    }
  }
  return lines;
}

/** Ponder's own tables come and go: only what an index is made for is counted, and which chains it is of. */
async function tablesOfChains(query: Query, schema: string): Promise<string[]> {
  const rows = await query(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND a.attname = 'chain_id' AND NOT a.attisdropped
       AND (c.relname = '_ponder_checkpoint' OR c.relname NOT LIKE '\\_%') ORDER BY 1`,
    [quoted(schema)],
  );
  return rows.map(({ name }) => name as string);
}
