import { Fault } from "../../../deploy/fault.js";
import { isWrittenHere } from "../indexing/writer.js";
import { requireNothingAside } from "./aside.js";
import {
  databaseSource,
  inSnapshot,
  openCopyOfPglite,
  openPglite,
  openPostgres,
  type Connection,
} from "./database.js";
import { graphqlSource } from "./graphql.js";
import type { IndexSource } from "./source.js";

/** Where the index is, as somebody named it. */
export type Place =
  | { readonly graphql: string }
  /** A Postgres URL, or a directory of PGlite. */
  | { readonly database: string; readonly schema: string };

const isPostgres = (database: string) => /^postgres(ql)?:\/\//.test(database);

/** Reads the index there: a database in one snapshot, which nothing that is done here can change. */
export async function withSource<Result>(
  place: Place,
  chainId: number,
  work: (source: IndexSource) => Promise<Result>,
): Promise<Result> {
  if ("graphql" in place)
    return await work(graphqlSource(place.graphql.replace(/\/(graphql)?$/, ""), chainId));
  const { database, schema } = place;
  const connection = isPostgres(database) ? await openPostgres(database) : await openCopyOfPglite(database);
  try {
    await requireSchema(connection, schema);
    return await inSnapshot(connection, () => work(databaseSource(connection.query, schema, chainId)));
  } finally {
    await connection.close();
  }
}

/** Opens the database for changes. */
export async function openForChange(database: string): Promise<Connection> {
  if (isPostgres(database)) return await openPostgres(database);
  // To open a directory a second time destroys it.
  if (await isWrittenHere({ databaseDir: database })) {
    throw new Fault(`An indexer has ${database} open: stop it, and apply again.`);
  }
  return await openPglite(database);
}

async function requireSchema(connection: Connection, schema: string): Promise<void> {
  const found = await connection.query(
    "SELECT table_schema FROM information_schema.tables WHERE table_name = '_ponder_checkpoint'",
  );
  const schemas = found.map((row) => row.table_schema as string);
  if (schemas.includes(schema)) return;
  await requireNothingAside(connection.query, schema);
  throw new Fault(`The database has no index in a schema ${schema}; name one with --schema:`, {
    details: schemas.length === 0 ? ["no schema has an index: start the indexer, which makes it"] : schemas,
  });
}

export { isPostgres };
