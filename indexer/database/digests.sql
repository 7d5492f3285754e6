-- Rows and a digest of every table of an index: two indexes are the same if this prints the same of both. What Ponder keeps
-- for itself is left out. Memory does not grow with the tables, and the order of the rows does not matter.
--   psql --no-align --tuples-only --set schema=holdfast_1 --file indexer/database/digests.sql "$DATABASE_URL"
\set ON_ERROR_STOP on
-- All of one moment, whatever the writer does meanwhile.
begin transaction isolation level repeatable read read only;
select string_agg(
    format(
      'select %L as "table", count(*) as rows,
         sum((''x'' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric) as digest,
         sum((''x'' || substr(md5(t::text), 17, 16))::bit(64)::bigint::numeric) as digest2 from %I.%I t',
      table_name, table_schema, table_name),
    ' union all ' order by table_name) as statement
from information_schema.tables
where table_schema = :'schema' and table_name not like '\_%'
\gset
:statement order by "table";
commit;
