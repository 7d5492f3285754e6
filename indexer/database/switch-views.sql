-- Lets the schema that consumers read show another index, from one moment to the next: nobody waits, no question fails,
-- and no answer is older than one before it. Run it as holdfast_writer while the new index's writer runs; it waits until
-- that has caught up with the present one. To go back, name the old schema, whose writer must run too.
--   psql --set schema=holdfast_2 --set views=holdfast --set wait_seconds=60 --file indexer/database/switch-views.sql "$DATABASE_URL"
--
-- Ponder's own `--views-schema` would show the new index before it has reached the chain's head, and
-- `ponder db create-views` would leave consumers without a view for a moment. A schema is renamed at once and without a lock
-- on anything that is being read.
\set ON_ERROR_STOP on
\pset tuples_only on
\o /dev/null
select set_config('holdfast.schema', :'schema', false), set_config('holdfast.views', :'views', false),
  set_config('holdfast.wait_seconds', :'wait_seconds', false);
\o

create function pg_temp.switch_views() returns text language plpgsql as $switch$
declare
  source text := current_setting('holdfast.schema');
  views text := current_setting('holdfast.views');
  next text := views || '_next';
  previous text := views || '_previous';
  deadline timestamptz := clock_timestamp() + make_interval(secs => current_setting('holdfast.wait_seconds')::int);
  is_first boolean := to_regclass(format('%I._ponder_checkpoint', views)) is null;
  is_frozen boolean := false;
  is_ready boolean;
  behind text;
  blocks_behind bigint := 0;
  relation text;
begin
  if to_regclass(format('%I._ponder_meta', source)) is null then
    raise exception 'There is no index in schema "%": start a writer with --schema % and run this again.', source, source;
  end if;

  loop
    execute format('select (value->>''is_ready'')::int = 1 from %I._ponder_meta', source) into is_ready;
    if not is_first then
      -- A checkpoint begins with time, chain and block, in digits of a fixed width.
      execute format(
        'select string_agg(old.chain_name, '', ''),
           coalesce(max(substr(old.latest_checkpoint, 27, 16)::bigint - substr(new.latest_checkpoint, 27, 16)::bigint), 0)
         from %I._ponder_checkpoint old left join %I._ponder_checkpoint new using (chain_name)
         where coalesce(left(new.latest_checkpoint, 42), '''') < left(old.latest_checkpoint, 42)', views, source)
      into behind, blocks_behind;
    end if;
    exit when is_ready and behind is null and (is_first or is_frozen);
    if is_ready and blocks_behind <= 20 and not is_frozen then
      -- The present index stands still until the end of this transaction, so that the new one can be ahead of it.
      execute format('lock table %I._ponder_checkpoint in share mode', views);
      is_frozen := true;
    elsif clock_timestamp() > deadline then
      raise exception 'Schema "%" has not caught up with "%" within % s (%): nothing was changed.',
        source, views, current_setting('holdfast.wait_seconds'),
        case when is_ready then blocks_behind || ' blocks behind on ' || behind else 'its backfill is not complete' end;
    else
      perform pg_sleep(0.05);
    end if;
  end loop;

  execute format('create schema %I', next);
  for relation in
    execute format('select jsonb_array_elements_text(value->''table_names'' || coalesce(value->''view_names'', ''[]''))
      from %I._ponder_meta union all values (''_ponder_meta''), (''_ponder_checkpoint'')
      -- Which blocks the writer took for final: replicas see by it that the chain has left them. Old indexes have none.
      union all select ''_holdfast_final_block'' where to_regclass(%L) is not null',
      source, format('%I._holdfast_final_block', source))
  loop
    execute format('create view %I.%I as select * from %I.%I', next, relation, source, relation);
  end loop;

  -- Live queries: the same notifications as in the index's own schema, on the channel of the views.
  execute replace(
    replace(pg_get_functiondef(format('%I.live_query_notify()', source)::regprocedure), source || '.', quote_ident(next) || '.'),
    source || '_live_query', views || '_live_query');
  execute format('create or replace trigger %I after insert or update or delete on %I._ponder_checkpoint
    for each statement execute procedure %I.live_query_notify()', views || '_live_query_notify', source, next);

  if to_regrole('holdfast_reader') is not null then
    execute format('grant usage on schema %I to holdfast_reader', next);
    execute format('grant select on all tables in schema %I to holdfast_reader', next);
  end if;

  if to_regnamespace(quote_ident(views)) is not null then
    execute format('alter schema %I rename to %I', views, previous);
  end if;
  execute format('alter schema %I rename to %I', next, views);
  return format('"%s" now shows the index in "%s".', views, source);
end
$switch$;

-- Left over if an earlier run was interrupted between its two steps.
select format('drop schema if exists %I cascade', :'views' || '_previous') \gexec
select pg_temp.switch_views();
-- In a transaction of its own, because it waits for questions that are still being answered.
select format('drop schema if exists %I cascade', :'views' || '_previous') \gexec
