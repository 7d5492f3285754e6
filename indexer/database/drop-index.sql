-- Removes an index that nobody reads any more. Whatever else reads it, such as the views of consumers, stops this: then
-- nothing is changed. Run it as holdfast_writer.
--   psql --set schema=holdfast_1 --file indexer/database/drop-index.sql "$DATABASE_URL"
--
-- `drop schema … cascade` would drop what consumers have with it. Nothing is dropped that is no index, such as the schema of
-- consumers' views, and none that an indexer writes.
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
  is_written boolean;
  kind record;
  left_over text;
begin
  if to_regnamespace(quote_ident(dropped)) is null then
    raise exception 'There is no schema "%".', dropped;
  end if;
  if not exists (
    select from pg_class where relnamespace = to_regnamespace(quote_ident(dropped)) and relname = '_ponder_meta' and relkind = 'r'
  ) then
    raise exception 'The schema "%" is no index: it has no table _ponder_meta.', dropped;
  end if;
  -- After so long without a sign of life a writer is dead for Ponder, too.
  execute format(
    $sql$ select coalesce(bool_or((value->>'is_locked')::int = 1
      and (value->>'heartbeat_at')::numeric > extract(epoch from clock_timestamp()) * 1000 - 25000), false)
      from %I._ponder_meta $sql$, dropped) into is_written;
  if is_written then
    raise exception 'An indexer writes "%": stop it, and wait 25 s if it was killed.', dropped;
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
  for left_over in
    select 'routine ' || oid::regprocedure from pg_proc where pronamespace = to_regnamespace(quote_ident(dropped))
    union all
    select 'sequence ' || oid::regclass from pg_class
    where relnamespace = to_regnamespace(quote_ident(dropped)) and relkind = 'S'
    union all
    select 'type ' || oid::regtype from pg_type where typnamespace = to_regnamespace(quote_ident(dropped)) and typtype = 'e'
  loop
    execute 'drop ' || left_over;
  end loop;
  execute format('drop schema %I', dropped);
  return format('"%s" is gone.', dropped);
end
$drop$;

select pg_temp.drop_index();
