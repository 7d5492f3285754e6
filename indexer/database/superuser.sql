-- A new password for the superuser who runs this; everybody else who is in as that is thrown out, whatever they do.
--   psql --set superuser_password=… --file indexer/database/superuser.sql <the superuser's URL>
\set ON_ERROR_STOP on
\set throw_out 'select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid() and backend_type = ''client backend'''
\o /dev/null
-- All or nothing: one that fails leaves the old password in force.
begin;
alter role current_user password :'superuser_password';
:throw_out;
commit;
-- Until then the old one let them in again.
:throw_out;
