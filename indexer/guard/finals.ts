import type { Hex } from "viem";

/** The last block of a chain that an index takes for final. */
export interface FinalBlock {
  chainId: number;
  number: number;
  hash: Hex;
}

/** Asks the index's own database. */
export type Query = (sql: string, values?: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** Begins with `_`, as the engine's own tables do: what compares and shows indexes leaves it out. */
export const FINALS_TABLE = "_holdfast_final_block";

/** Notes which blocks an index took for final, in its own schema. Ponder keeps their numbers, but not their hashes. */
export class Finals {
  constructor(
    private readonly query: Query,
    private readonly schema: string,
  ) {}

  async noted(): Promise<FinalBlock[]> {
    await this.query(
      `create table if not exists ${this.#table} (chain_id bigint primary key, number bigint not null, hash text not null)`,
    );
    const { rows } = await this.query(`select chain_id, number, hash from ${this.#table}`);
    return rows.map(({ chain_id, number, hash }) => ({
      chainId: Number(chain_id),
      number: Number(number),
      hash: hash as Hex,
    }));
  }

  async note({ chainId, number, hash }: FinalBlock): Promise<void> {
    await this.query(
      `insert into ${this.#table} values ($1, $2, $3)
       on conflict (chain_id) do update set number = excluded.number, hash = excluded.hash`,
      [chainId, number, hash],
    );
  }

  get #table(): string {
    return `"${this.schema}".${FINALS_TABLE}`;
  }
}

/** Whether a chain still has a block: what those endpoints say that have a block of its number. */
export async function stillHas(
  { number, hash }: FinalBlock,
  asks: readonly ((method: string, params: unknown[]) => Promise<unknown>)[],
): Promise<"yes" | "no" | "unknown"> {
  const answers = await Promise.allSettled(
    asks.map((ask) => ask("eth_getBlockByNumber", [`0x${number.toString(16)}`, false])),
  );
  const hashes = answers.flatMap((answer) => {
    const block = answer.status === "fulfilled" ? (answer.value as { hash?: Hex } | null) : undefined;
    return block?.hash ? [block.hash] : [];
  });
  if (hashes.includes(hash)) return "yes";
  return hashes.length > 0 ? "no" : "unknown";
}
