-- A new password for the superuser who runs this; everybody else who is in as that is thrown out, whatever they do.
--   psql --set superuser_password=… --file indexer/database/superuser.sql <the superuser's URL>
\set ON_ERROR_STOP on
alter role current_user password :'superuser_password';
\o /dev/null
select pg_terminate_backend(pid) from pg_stat_activity
where usename = current_user and pid <> pg_backend_pid() and backend_type = 'client backend';
