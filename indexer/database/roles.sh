#!/bin/sh
# Run by the Postgres image when it makes the database: the roles with the passwords of the secret files.
set -eu
psql --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" \
  --set writer_password="$(cat /run/secrets/writer_password)" \
  --set reader_password="$(cat /run/secrets/reader_password)" \
  --file /holdfast/roles.sql
