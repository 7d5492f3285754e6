-- The two roles of the read model: the writer owns what it makes, the reader may only look. Run it once in the database
-- that they shall use, as a superuser; again to change a password.
--   psql --set writer_password=… --set reader_password=… --file indexer/database/roles.sql <database>
\set ON_ERROR_STOP on
select 'create role holdfast_writer login' where to_regrole('holdfast_writer') is null \gexec
select 'create role holdfast_reader login' where to_regrole('holdfast_reader') is null \gexec
alter role holdfast_writer password :'writer_password';
alter role holdfast_reader password :'reader_password';

select current_database() as database \gset
revoke all on database :"database" from public;
grant connect, create, temporary on database :"database" to holdfast_writer;
grant connect on database :"database" to holdfast_reader;

-- A second lock beside the missing grants, and bounds on what one question can cost.
alter role holdfast_reader set default_transaction_read_only = on;
alter role holdfast_reader set statement_timeout = '30s';
alter role holdfast_reader set idle_in_transaction_session_timeout = '60s';
