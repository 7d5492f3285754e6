import { sql } from "ponder";

/** A piece of SQL, with the values that go into it kept apart from its text. */
export type Sql = ReturnType<typeof sql>;

/** The time and the number of the last block that is in the tables, out of Ponder's own record of where it is. */
const checkpoint = (chainId: number, from: number, digits: number): Sql =>
  sql`(select substring(latest_checkpoint, ${from}::int, ${digits}::int)::numeric from _ponder_checkpoint
       where chain_id = ${chainId})`;

export const chainTime = (chainId: number) => checkpoint(chainId, 1, 10);
export const chainBlock = (chainId: number) => checkpoint(chainId, 27, 16);
