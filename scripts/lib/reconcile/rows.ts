import { ADVICE, shown, type Finding, type Findings } from "./findings.js";
import type { PlainRow } from "./kinds.js";
import type { Table } from "./model.js";
import { keyOfPlain, type Scratch } from "./scratch.js";
import type { Scope } from "./scope.js";
import type { IndexSource } from "./source.js";

/** Columns of a payment that are, or make, its EIP-712 terms. */
const TERMS: ReadonlySet<string> = new Set([
  "escrow",
  "buyer",
  "seller",
  "token",
  "amount",
  "deadline",
  "onDeadline",
  "arbiter",
  "disputeWindow",
  "feeBps",
  "feeRecipient",
  "paymentReference",
]);
/** Tables whose numbers are sums of others. */
const TOTALS: ReadonlySet<string> = new Set(["token", "party", "credit", "ledgerEntry"]);

function outcomeOf(table: Table, field: string): Finding["outcome"] {
  if (table.name === "payment" && TERMS.has(field)) return "terms_mismatch";
  return TOTALS.has(table.name) ? "total_mismatch" : "state_mismatch";
}

/**
 * Compares every row of the index with the row that the chain's events make, column by column, in both directions.
 *
 * @returns How many rows of the index were compared, by table.
 */
export async function compareRows(
  {
    tables,
    source,
    scratch,
    scope,
  }: { tables: readonly Table[]; source: IndexSource; scratch: Scratch; scope: Scope },
  findings: Findings,
  onRow: () => void,
): Promise<Record<string, number>> {
  const met = new Met(scratch.lastId());
  const rows: Record<string, number> = {};
  for (const table of tables) {
    rows[table.name] = 0;
    let all = 0;
    const repeated = new Set<string>();
    for await (const row of source.rows(table, scope.paymentId)) {
      onRow();
      all += 1;
      const key = keyOfPlain(table, row);
      const expected = scratch.find(table, key);
      const plain = expected === undefined ? row : (JSON.parse(expected.value) as PlainRow);
      if (!scope.contains(table, plain)) {
        if (expected !== undefined) met.add(expected.id);
        continue;
      }
      rows[table.name]! += 1;
      if (expected === undefined) findings.add(onlyInIndex(table, key, row));
      else if (!met.add(expected.id)) repeated.add(key);
      else if (JSON.stringify(row) === expected.value) findings.count("matched");
      else compareColumns(table, key, row, plain, findings);
    }
    for (const { id, key, value } of scratch.expected(table)) {
      if (met.has(id)) continue;
      const row = JSON.parse(value) as PlainRow;
      if (scope.contains(table, row)) findings.add(onlyOnChain(table, key, row));
    }
    // Pages go from key to key, so of two rows with one key they may have met only one.
    if (scope.paymentId === undefined && (await source.count(table)) !== all) {
      for (const key of await source.duplicates(table)) repeated.add(key);
    }
    for (const key of repeated) {
      const row = await rowOf(table, key, source, scratch);
      if (scope.contains(table, row)) findings.add(duplicated(table, key, row));
    }
  }
  return rows;
}

/** Rows of chains that the index does not follow: no handler made them. */
export async function findStrays(
  tables: readonly Table[],
  source: IndexSource,
  recorded: readonly number[] | undefined,
  findings: Findings,
): Promise<void> {
  for (const table of tables) {
    for (const { chainId, rows } of await source.strays(table, recorded)) {
      findings.add({
        outcome: "missing_on_chain",
        table: table.name,
        key: `of chain ${chainId}`,
        found: rows === 1 ? "a row in the index" : `${rows} rows in the index`,
        expected: "none: the index does not follow that chain, or no deployment record of it is here",
        advice: ADVICE.resync,
      });
    }
  }
}

/** The row of a key as the chain's events make it, or else as the index has it: what says which payment it is about. */
async function rowOf(table: Table, key: string, source: IndexSource, scratch: Scratch): Promise<PlainRow> {
  const expected = scratch.find(table, key);
  if (expected !== undefined) return JSON.parse(expected.value) as PlainRow;
  return (await source.row(table, key.split(" "))) ?? {};
}

/** Ids that were met already: a bit each. */
class Met {
  readonly #bits: Uint8Array;

  constructor(lastId: number) {
    this.#bits = new Uint8Array((lastId >> 3) + 1);
  }

  has(id: number): boolean {
    return (this.#bits[id >> 3]! & (1 << (id & 7))) !== 0;
  }

  /** Whether it is new. */
  add(id: number): boolean {
    const isNew = !this.has(id);
    this.#bits[id >> 3]! |= 1 << (id & 7);
    return isNew;
  }
}

function compareColumns(
  table: Table,
  key: string,
  row: PlainRow,
  expected: PlainRow,
  findings: Findings,
): void {
  for (const { name: field } of table.columns) {
    if (JSON.stringify(row[field]) === JSON.stringify(expected[field])) continue;
    findings.add({
      outcome: outcomeOf(table, field),
      ...about(table, key, expected),
      field,
      found: shown(row[field]),
      expected: shown(expected[field]),
      advice: ADVICE.resync,
    });
  }
}

const onlyInIndex = (table: Table, key: string, row: PlainRow): Finding => ({
  outcome: "missing_on_chain",
  ...about(table, key, row),
  found: "a row in the index",
  expected: "none: no event of the chain makes it",
  advice: ADVICE.resync,
});

const onlyOnChain = (table: Table, key: string, row: PlainRow): Finding => ({
  outcome: "missing_in_index",
  ...about(table, key, row),
  found: "no row in the index",
  expected: "one: events of the chain make it",
  advice: ADVICE.resync,
});

const duplicated = (table: Table, key: string, row: PlainRow): Finding => ({
  outcome: "missing_on_chain",
  ...about(table, key, row),
  found: "more than one row in the index",
  expected: "one",
  advice: ADVICE.resync,
});

const about = (table: Table, key: string, row: PlainRow) => ({
  table: table.name,
  key,
  ...(typeof row.paymentId === "string" && { paymentId: row.paymentId }),
});
