import type { IndexIdentity } from "../../../indexer/guard/index-id.js";
import type { PlainRow } from "./kinds.js";
import type { Table } from "./model.js";

export type IndexedRow = PlainRow;

/** How many rows a table has of a chain. */
export interface Stray {
  readonly chainId: number;
  readonly rows: number;
}

/** Where the rows of the read model are read, as of one block. */
export interface IndexSource {
  readonly kind: "database" | "graphql";
  /** Which index it is, as far as the source tells. */
  identity(): Promise<Partial<IndexIdentity>>;
  /** The block whose events are the last that the rows know of. */
  block(): Promise<number>;
  /**
   * Rows of a table on chains that the index does not follow, by chain: nothing ever made them, and GraphQL answers with them.
   *
   * @param recorded The chains that it can follow; without it, it is believed.
   */
  strays(table: Table, recorded?: readonly number[]): Promise<readonly Stray[]>;
  /** Rows of a table, in pages inside, in the order of their keys; those about one payment only, if it is named. */
  rows(table: Table, paymentId?: string): AsyncIterable<IndexedRow>;
  /** The row of a key. */
  row(table: Table, key: readonly string[]): Promise<IndexedRow | undefined>;
  count(table: Table): Promise<number>;
  /** Keys that more than one row has. */
  duplicates(table: Table): Promise<string[]>;
}
