import { Fault } from "../../../deploy/fault.js";
import { startIndexer } from "../indexer.js";
import { quoted } from "./database.js";
import { isPostgres, openForChange } from "./open.js";
import type { Reconciliation } from "./request.js";

/** An indexer that died is taken for alive until its last heartbeat is this old: as long as Ponder itself waits. */
const HEARTBEAT_MS = 25_000;

export interface Rebuild {
  readonly database: string;
  readonly schema: string;
  readonly recordsDir: string;
  /** Of every chain that the schema has. */
  readonly rpcUrlOf: (chainId: number) => string | undefined;
  readonly port: number;
  readonly timeoutSeconds: number;
}

/**
 * Builds the index anew: drops its schema and lets the indexer make it again, from the RPC answers that Ponder keeps in
 * another schema and from the chain. Ponder cannot index a range again: its rows carry sums of all that came before.
 *
 * @throws {@link Fault} if an indexer runs on it, or does not get to the chain's head.
 */
export async function rebuildIndex({
  database,
  schema,
  recordsDir,
  rpcUrlOf,
  port,
  timeoutSeconds,
}: Rebuild) {
  const connection = await openForChange(database);
  const chains: number[] = [];
  try {
    const meta = await connection.query(`SELECT value FROM ${quoted(schema)}._ponder_meta WHERE key = 'app'`);
    const { is_locked, heartbeat_at } = meta[0]!.value as { is_locked: number; heartbeat_at: number };
    if (is_locked === 1 && Date.now() - heartbeat_at < HEARTBEAT_MS) {
      throw new Fault(
        `An indexer runs on the schema ${schema}: stop it, wait ${HEARTBEAT_MS / 1_000} s if it was killed, and apply again.`,
      );
    }
    const found = await connection.query(`SELECT chain_id FROM ${quoted(schema)}._ponder_checkpoint`);
    chains.push(...found.map(({ chain_id }) => Number(chain_id)));
    const unknown = chains.filter((chainId) => rpcUrlOf(chainId) === undefined);
    if (unknown.length > 0) {
      throw new Fault(`The schema ${schema} also has chains that need an RPC to be indexed again:`, {
        details: unknown.map((chainId) => `set PONDER_RPC_URL_${chainId}`),
      });
    }
    await connection.query(`DROP SCHEMA ${quoted(schema)} CASCADE`);
  } finally {
    await connection.close();
  }
  const indexer = await startIndexer({
    recordsDir,
    rpcUrls: Object.fromEntries(chains.map((chainId) => [chainId, rpcUrlOf(chainId)!])),
    port,
    schema,
    timeoutSeconds,
    ...(isPostgres(database) ? { databaseUrl: database } : { databaseDir: database }),
  }).catch((cause: Error) => {
    throw new Fault(
      `The index was dropped and is not built anew yet; starting the indexer goes on with it. ${cause.message}`,
      { cause },
    );
  });
  await indexer.stop();
}

/** The admin operations, to be planned by whoever may, for what looks like a leak. Nothing of it is sent here. */
export function proposals({ findings }: Reconciliation, network: string): string[] {
  const leaks = findings.filter(({ leak }) => leak === true);
  const payments = new Set(leaks.map(({ paymentId }) => paymentId).filter((id) => id !== undefined));
  const holds = [...payments].map(
    (paymentId) =>
      `npx hardhat ops plan hold --network ${network} --payment ${paymentId} --reason "its slot is not what its events say"`,
  );
  const tokens = leaks.filter(({ paymentId }) => paymentId === undefined).map(({ key }) => key);
  const pauses = tokens.map(
    (token) =>
      `npx hardhat ops plan pause --network ${network} --bits payouts,exits --duration 12h ` +
      `--reason "the escrow owns less of ${token} than it owes"`,
  );
  return [...holds, ...pauses];
}
