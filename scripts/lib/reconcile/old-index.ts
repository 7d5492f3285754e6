import { Fault } from "../../../deploy/fault.js";
import { eventually } from "../eventually.js";
import { isBeingWritten } from "../indexing/forget.js";
import { asideOf, back, dependantsOf, dropAside, putBack, removal } from "./aside.js";
import { quoted, type Query } from "./database.js";
import { lessThanBefore } from "./less.js";

/** Gives a connection to the database, and closes it. */
export type Database = <Result>(work: (query: Query) => Promise<Result>) => Promise<Result>;

/** An indexer that was killed counts as a writer for so long. */
const LOCK_SECONDS = 26;

/** @throws {@link Fault} if whoever wrote the old index would refuse the new one, as Ponder does. */
export async function requireSameBuild(query: Query, schema: string): Promise<void> {
  const buildOf = (name: string) =>
    `(SELECT value->>'version' || ' ' || (value->>'build_id') FROM ${quoted(name)}._ponder_meta WHERE key = 'app')`;
  const [row] = await query(
    `SELECT ${buildOf(schema)} IS NOT DISTINCT FROM ${buildOf(asideOf(schema))} AS is_same`,
  );
  if (row?.is_same === true) return;
  throw new Fault(
    "It was made by other code or of other deployment records than are here, and whoever goes on with it would refuse the " +
      "new one: apply with what it was made by, or make a new index beside it (docs/production.md).",
  );
}

/**
 * Puts the old index back in its place. Others may have found the new one meanwhile.
 *
 * @throws {@link Fault} if that fails: it tells where the old index is, and how to have it back.
 */
export async function returnToOld(
  inDatabase: Database,
  schema: string,
  why: string,
  seconds = LOCK_SECONDS,
): Promise<void> {
  try {
    await inDatabase(async (query) => {
      await eventually(() => requireUnwritten(query, schema), seconds);
      await requireUnread(query, schema);
      await putBack(query, schema);
    });
  } catch (cause) {
    throw new Fault(`${why} The old index could not be put back: ${(cause as Error).message}`, {
      cause,
      details: [`It is in the schema ${asideOf(schema)}. To have it back: ${back(schema)}`],
    });
  }
}

/**
 * Removes the old index, unless it has something that the new one lacks.
 *
 * @param views Schemas of views that show it: then it stays.
 * @throws {@link Fault} if it has, or if that fails: it tells where the old index is.
 */
export async function dismissOld(
  inDatabase: Database,
  schema: string,
  compared: number,
  views: readonly string[],
): Promise<void> {
  const aside = asideOf(schema);
  const details = [`to remove it: ${removal(aside)}`, `to have it back: ${back(schema)}`];
  let less: string[];
  try {
    less = await inDatabase(async (query) => {
      const lines = await lessThanBefore(query, schema, compared);
      if (lines.length + views.length === 0) await dropAside(query, schema);
      return lines;
    });
  } catch (cause) {
    throw new Fault(
      `The new index is in place. The old one may still be there as ${aside}: ${(cause as Error).message}`,
      { cause, details },
    );
  }
  if (less.length === 0) return;
  throw new Fault(
    `The new index is in place, and has less than the old one of chains that were not compared. The old one stays as ` +
      `${aside}${views.length > 0 ? `, which ${views.join(", ")} still shows` : ""}: reconcile those chains, then ` +
      `remove it, or have it back:`,
    { details: [...less, ...details] },
  );
}

async function requireUnwritten(query: Query, schema: string): Promise<void> {
  if (await isBeingWritten(query, schema)) throw new Fault("An indexer writes the new one.");
}

async function requireUnread(query: Query, schema: string): Promise<void> {
  const { views, foreign } = await dependantsOf(query, schema);
  if (views.length + foreign.length === 0) return;
  throw new Fault("Others came to read the new one:", { details: [...views, ...foreign] });
}
