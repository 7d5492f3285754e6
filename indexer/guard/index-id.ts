/** Which index a database shows: the schema that holds its rows, and an id that no other index has. */
export interface IndexIdentity {
  readonly schema: string;
  readonly index: string;
}

/**
 * SQL for the index that a table is of, also behind views. One that is built anew in a schema of the same name is another,
 * as is one restored into another database: what was found out of the one says nothing of the other.
 *
 * @param checkpoint The name of the table of checkpoints, as SQL has it.
 */
export const identitySql = (checkpoint: string) => `
  select s.nspname::text as schema,
    left(md5(concat_ws(' ', (select system_identifier from pg_control_system()),
      (select oid from pg_database where datname = current_database()), s.oid)), 16) as index
  from pg_namespace s where s.oid = coalesce(
    (select t.relnamespace from pg_rewrite r
       join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
       join pg_class t on t.oid = d.refobjid and t.relkind = 'r'
     where r.ev_class = to_regclass('${checkpoint.replaceAll("'", "''")}') limit 1),
    (select relnamespace from pg_class where oid = to_regclass('${checkpoint.replaceAll("'", "''")}')))`;
