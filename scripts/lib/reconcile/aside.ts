import { Fault } from "../../../deploy/fault.js";
import { quoted, type Query } from "./database.js";

/** Where the old index waits while the new one is built under its name. Names of schemas have 63 bytes at most. */
export const asideOf = (schema: string) => `${schema.slice(0, 56)}_before`;

/** What of other schemas shows an index. */
export interface Dependants {
  /** Schemas of views that `switch-views.sql` made: it can make them show another index. */
  readonly views: readonly string[];
  /** What would be dropped together with the index, or go on with the old one unseen. */
  readonly foreign: readonly string[];
}

/** Finds what depends on a schema's tables and types from outside of it. */
export async function dependantsOf(query: Query, schema: string): Promise<Dependants> {
  const rows = await query(
    `WITH inside AS (
       SELECT 'pg_class'::regclass AS class, oid FROM pg_class WHERE relnamespace = to_regnamespace($1)
       UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = to_regnamespace($1)
       UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = to_regnamespace($1)
     ), dependent AS (
       -- Of a view it is its rule that depends, of a foreign key its constraint.
       SELECT DISTINCT coalesce(r.ev_class, f.conrelid, a.adrelid, c.oid) AS relation, d.classid, d.objid
       FROM inside JOIN pg_depend d ON d.refclassid = inside.class AND d.refobjid = inside.oid
       LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
       LEFT JOIN pg_constraint f ON d.classid = 'pg_constraint'::regclass AND f.oid = d.objid
       LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
       LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
       WHERE d.deptype <> 'i' OR d.classid = 'pg_rewrite'::regclass
     )
     SELECT DISTINCT n.nspname AS schema, n.nspname || '.' || c.relname AS name,
       c.relkind = 'v' AND EXISTS (SELECT FROM pg_class v WHERE v.relnamespace = n.oid
         AND v.relname = '_ponder_checkpoint' AND v.relkind = 'v') AS is_shown
     FROM dependent JOIN pg_class c ON c.oid = dependent.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     -- A session's temporary tables end with it, and in PGlite lie about: Ponder's have columns of the index's types.
     WHERE n.nspname <> $2 AND n.nspname !~ '^pg_(toast|temp_)'
     UNION
     SELECT n.nspname, p.oid::regprocedure::text, false
     FROM dependent JOIN pg_proc p ON dependent.classid = 'pg_proc'::regclass AND p.oid = dependent.objid
     JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> $2
     ORDER BY 2`,
    [quoted(schema), schema],
  );
  return {
    views: [...new Set(rows.flatMap((row) => (row.is_shown === true ? [row.schema as string] : [])))],
    foreign: rows.flatMap((row) => (row.is_shown === true ? [] : [row.name as string])),
  };
}

/** @throws {@link Fault} if an earlier rebuild was killed, which tells the ways to go on from there. */
export async function requireNothingAside(query: Query, schema: string): Promise<void> {
  const aside = asideOf(schema);
  const [found] = await query(
    "SELECT to_regnamespace($1) IS NOT NULL AS is_there, to_regclass($2) IS NOT NULL AS has_new",
    [quoted(aside), `${quoted(schema)}._ponder_meta`],
  );
  if (found?.is_there !== true) return;
  const goOn = `to go on with the new one:   ${removal(aside)}`;
  const [meta] =
    found.has_new === true
      ? await query(
          `SELECT bool_or(value->>'is_ready' = '1') AS is_ready FROM ${quoted(schema)}._ponder_meta`,
        )
      : [];
  throw new Fault(`The schema ${aside} holds an index that an earlier --apply has put aside. Decide first:`, {
    // Where there is no new one, or half of one, the old one is all there is.
    details: [...(meta?.is_ready === true ? [goOn] : []), `to go back to the old one:   ${back(schema)}`],
  });
}

/** What removes an index, for a person; `cascade` would take the views of consumers with it. */
export const removal = (schema: string) =>
  `psql --set schema=${schema} --file indexer/database/drop-index.sql "$DATABASE_URL"`;

/** What puts the old index where it was, for a person. */
export const back = (schema: string) =>
  `if there is a schema ${schema}, ${removal(schema)}; then in SQL: ` +
  `alter schema ${quoted(asideOf(schema))} rename to ${quoted(schema)};`;

export async function putAside(query: Query, schema: string): Promise<void> {
  await query(`ALTER SCHEMA ${quoted(schema)} RENAME TO ${quoted(asideOf(schema))}`);
}

/** Puts the old index where it was, in place of whatever there is of the new one. */
export async function putBack(query: Query, schema: string): Promise<void> {
  await query("BEGIN");
  try {
    await query(`DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`);
    await query(`ALTER SCHEMA ${quoted(asideOf(schema))} RENAME TO ${quoted(schema)}`);
    await query("COMMIT");
  } catch (error) {
    await query("ROLLBACK");
    throw error;
  }
}

/** What depends on it from outside was looked for before it was put aside, and makes this fail if it came later. */
export async function dropAside(query: Query, schema: string): Promise<void> {
  const { views, foreign } = await dependantsOf(query, asideOf(schema));
  if (views.length + foreign.length > 0) {
    throw new Fault(`The old index stays as ${asideOf(schema)}, because others came to show it:`, {
      details: [...views, ...foreign],
    });
  }
  await query(`DROP SCHEMA ${quoted(asideOf(schema))} CASCADE`);
}
