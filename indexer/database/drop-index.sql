-- Removes an index that nobody reads any more. Whatever else reads it, such as the views of consumers, stops this: then
-- nothing is changed. Run it as holdfast_writer.
--   psql --set schema=holdfast_1 --file indexer/database/drop-index.sql "$DATABASE_URL"
--
-- `drop schema … cascade` alone would drop the views of consumers with it.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
\o /dev/null
select set_config('holdfast.schema', :'schema', false);
\o

create function pg_temp.drop_index() returns text language plpgsql as $drop$
declare
  dropped text := current_setting('holdfast.schema');
  relations text;
  kind record;
begin
  if to_regnamespace(quote_ident(dropped)) is null then
    raise exception 'There is no schema "%".', dropped;
  end if;
  -- In one command each, without `cascade`: among themselves they may refer to each other, nothing else may to them.
  for kind in select * from (values (1, 'view', array['v']), (2, 'table', array['r', 'p'])) as k (n, name, relkinds) order by n
  loop
    select string_agg(format('%I.%I', dropped, relname), ', ') into relations
    from pg_class where relnamespace = to_regnamespace(quote_ident(dropped)) and relkind::text = any (kind.relkinds);
    if relations is not null then
      execute format('drop %s %s', kind.name, relations);
    end if;
  end loop;
  -- What is left, types and functions, was of use to those only.
  execute format('drop schema %I cascade', dropped);
  return format('"%s" is gone.', dropped);
end
$drop$;

select pg_temp.drop_index();
