import { Fault } from "../../../deploy/fault.js";
import { launchIndexer } from "../indexer.js";
import { asideOf, putAside } from "./aside.js";
import type { Query } from "./database.js";
import { dismissOld, requireSameBuild, returnToOld, type Database } from "./old-index.js";
import { isPostgres, openForChange } from "./open.js";
import { readyToRebuild, type Ready, type Wanted } from "./preflight.js";
import type { Reconciliation } from "./request.js";

export interface Rebuild extends Wanted {
  /** A Postgres URL, or a directory of PGlite. */
  readonly database: string;
  readonly timeoutSeconds: number;
}

/** What became of a rebuild. */
export interface Rebuilt {
  /** Whether the new index is in place; else it was no better, and the old one is back. */
  readonly isNew: boolean;
  /** Where the old one still is, because these schemas of views show it. */
  readonly left?: { readonly aside: string; readonly views: readonly string[] };
}

/** @throws {@link Fault} that says why the index cannot be built anew. Touches nothing. */
export const checkRebuild = (rebuild: Rebuild): Promise<Ready> =>
  inDatabaseOf(rebuild, (query) => readyToRebuild(query, rebuild));

/**
 * Builds the index anew, from the RPC answers that Ponder keeps in another schema and from the chain: Ponder cannot index a
 * range again, because its rows carry sums of all that came before. The old index is put aside meanwhile, and put back unless
 * the new one is there and right.
 *
 * @param isRight Looks at the new index.
 * @throws {@link Fault} if it cannot be built; then the old one is in its place.
 */
export async function rebuildIndex(rebuild: Rebuild, isRight: () => Promise<boolean>): Promise<Rebuilt> {
  const ready = await checkRebuild(rebuild);
  const interruption: Interruption = { came: false, pass: () => {} };
  const onSignal = () => {
    interruption.came = true;
    interruption.pass();
  };
  // From before the old index is moved: who left then would leave consumers with none.
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // What is written to a terminal that was closed fails, which is no reason to leave either.
  const screens = [process.stdout, process.stderr];
  const ignore = () => {};
  for (const screen of screens) screen.on("error", ignore);
  try {
    return await replace(rebuild, ready, isRight, interruption);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    for (const screen of screens) screen.off("error", ignore);
  }
}

/** Whether somebody wants this to end, and how the indexer is told. */
interface Interruption {
  came: boolean;
  pass: () => void;
}

async function replace(
  rebuild: Rebuild,
  { rpcUrls, views }: Ready,
  isRight: () => Promise<boolean>,
  interruption: Interruption,
): Promise<Rebuilt> {
  const { schema, chainId } = rebuild;
  const inDatabase: Database = (work) => inDatabaseOf(rebuild, work);
  await inDatabase((query) => putAside(query, schema));
  let isNew: boolean;
  try {
    await index(rebuild, rpcUrls, interruption);
    await inDatabase((query) => requireSameBuild(query, schema));
    isNew = await isRight();
  } catch (cause) {
    const why = interruption.came ? "It was interrupted." : (cause as Error).message;
    await returnToOld(inDatabase, schema, why);
    throw new Fault(`The index is what it was, because it could not be built anew. ${why}`, { cause });
  }
  if (!isNew) {
    await returnToOld(inDatabase, schema, "The new index is not right.");
    return { isNew };
  }
  await dismissOld(inDatabase, schema, chainId, views);
  return { isNew, ...(views.length > 0 && { left: { aside: asideOf(schema), views } }) };
}

/** Lets the indexer run until it is at the chains' heads. */
async function index(
  { database, schema, recordsDir, port, timeoutSeconds }: Rebuild,
  rpcUrls: Ready["rpcUrls"],
  interruption: Interruption,
): Promise<void> {
  const indexer = await launchIndexer({
    ...{ recordsDir, rpcUrls, port, schema },
    ...(isPostgres(database) ? { databaseUrl: database } : { databaseDir: database }),
  });
  interruption.pass = () => indexer.signal("SIGINT");
  if (interruption.came) interruption.pass();
  try {
    await indexer.untilCaughtUp(timeoutSeconds);
  } finally {
    await indexer.stop();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function inDatabaseOf<Result>(
  { database }: Rebuild,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const connection = await openForChange(database);
  try {
    return await work(connection.query);
  } finally {
    await connection.close();
  }
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
