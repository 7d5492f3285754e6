import { Fault } from "../../../deploy/fault.js";
import { FINALS_TABLE } from "../../../indexer/guard/finals.js";
import { indexedChains } from "../../../indexer/deployments.js";
import { poolSize, setting, stallMinutes } from "../../../indexer/settings.js";
import { requireChains } from "../indexing/endpoints.js";
import { isBeingWritten } from "../indexing/forget.js";
import { requireFreePort } from "../processes.js";
import { dependantsOf, requireNothingAside } from "./aside.js";
import { identityOf, quoted, type Query } from "./database.js";
import { loadModel } from "./model.js";

/** What a rebuild needs, where somebody says otherwise than the defaults. */
export interface Wanted {
  readonly schema: string;
  readonly recordsDir: string;
  readonly port: number;
  /** The chain that was compared, and the endpoint that it was compared with, if that is a URL. */
  readonly chainId: number;
  readonly url: string | undefined;
}

/** What is known before anything is touched. */
export interface Ready {
  /** Endpoints of every chain that the schema has. */
  readonly rpcUrls: Record<number, string | string[]>;
  /** Schemas of views that show the index. */
  readonly views: readonly string[];
}

/**
 * Whether the index can be built anew: whatever would make that fail is found here, while the old one is untouched.
 *
 * @throws {@link Fault} that says what to put right.
 */
export async function readyToRebuild(query: Query, wanted: Wanted): Promise<Ready> {
  const { schema, port } = wanted;
  await requireTables(query, schema);
  if (await isBeingWritten(query, schema)) {
    throw new Fault(
      `An indexer runs on the schema ${schema}: stop it, wait 25 s if it was killed, and apply again.`,
    );
  }
  await requireNothingAside(query, schema);
  const { views, foreign } = await dependantsOf(query, schema);
  if (foreign.length > 0) {
    throw new Fault(
      `Others have put views or tables on the schema ${schema}: drop them first, or move them:`,
      {
        details: foreign,
      },
    );
  }
  await requireOwnOnly(query, schema);
  const rpcUrls = await endpointsOf(query, wanted);
  await asFault(() => requireFreePort(port, "127.0.0.1"));
  await requireChains(rpcUrls, { answering: true });
  return { rpcUrls, views };
}

/** A schema of views is made by the switch, and building it anew would take it from consumers. */
async function requireTables(query: Query, schema: string): Promise<void> {
  const holder = (await identityOf(query, schema)).schema;
  if (holder === schema) return;
  throw new Fault(
    `The schema ${schema} has only views, of the index in ${holder}: say --schema ${holder} to build that anew.`,
  );
}

/** What an indexer does not make would be dropped, and what it makes belongs to whoever applies. */
async function requireOwnOnly(query: Query, schema: string): Promise<void> {
  const { tables } = await loadModel();
  const known = [
    ...tables.flatMap(({ sqlName }) => [sqlName, `_reorg__${sqlName}`]),
    ...["_ponder_meta", "_ponder_checkpoint", FINALS_TABLE],
  ];
  const strange = await query(
    `SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p', 'v', 'm', 'f')
     AND NOT relname = ANY($2) ORDER BY 1`,
    [quoted(schema), known],
  );
  if (strange.length > 0) {
    throw new Fault(`The schema ${schema} also has what no indexer makes; move it to another first:`, {
      details: strange.map((row) => row.relname as string),
    });
  }
  const [owner] = await query(
    `SELECT nspowner::regrole::text AS name FROM pg_namespace
     WHERE oid = to_regnamespace($1) AND nspowner <> to_regrole(quote_ident(current_user))`,
    [quoted(schema)],
  );
  if (owner === undefined) return;
  throw new Fault(`The schema ${schema} belongs to ${owner.name as string}: apply as that role.`);
}

/** The compared chain is indexed from the very endpoint that it was compared with, others from their settings. */
async function endpointsOf(
  query: Query,
  { schema, recordsDir, chainId, url }: Wanted,
): Promise<Ready["rpcUrls"]> {
  const found = await query(`SELECT chain_id FROM ${quoted(schema)}._ponder_checkpoint`);
  const chains = found.map((row) => Number(row.chain_id));
  const given = await asFault(() =>
    chains.map((id): [number, string | undefined] => [
      id,
      (id === chainId ? url : undefined) ?? setting(process.env, `PONDER_RPC_URL_${id}`),
    ]),
  );
  const unknown = given.filter(([, urls]) => !urls);
  if (unknown.length > 0) {
    throw new Fault(`The schema ${schema} also has chains that need an RPC to be indexed again:`, {
      details: unknown.map(([id]) => `set PONDER_RPC_URL_${id}, or PONDER_RPC_URL_${id}_FILE`),
    });
  }
  const env = {
    ...Object.fromEntries(given.map(([id, urls]) => [`PONDER_RPC_URL_${id}`, urls])),
    HOLDFAST_RECORDS_DIR: recordsDir,
    HOLDFAST_CHAINS: chains.join(","),
  };
  return await asFault(() => {
    poolSize(process.env);
    stallMinutes(process.env);
    return Object.fromEntries(indexedChains(env).map(({ id, rpc }) => [id, rpc]));
  });
}

/** What settings and ports are told by are sentences, for whoever set them. */
async function asFault<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof Fault ? cause : new Fault((cause as Error).message, { cause });
  }
}
