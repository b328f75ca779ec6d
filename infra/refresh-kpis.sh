#!/usr/bin/env bash
# Refreshes every materialized view of the Director, as the worker does: the same function, one snapshot
# (REPEATABLE READ), one runner at a time.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: infra/refresh-kpis.sh [--help]

Refreshes every materialized view (kpi_*) and prints each one with its time. CONCURRENTLY, except for a
view that was never populated. Waits up to 60 s for a refresh that runs elsewhere. Stops on the first error
with an exit code other than 0; then no view has changed.

Connects with psql to DATABASE_DIRECT_URL, else to DATABASE_URL, else to DB_HOST, DB_PORT, DB_USER, DB_PASSWORD
and DB_NAME.
USAGE
}

case "${1:-}" in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    echo "refresh-kpis: unknown option $1" >&2
    usage >&2
    exit 2
    ;;
esac

if ! command -v psql >/dev/null 2>&1; then
  echo 'refresh-kpis: psql is not on the PATH. Install the PostgreSQL client (Debian: apt-get install postgresql-client).' >&2
  exit 127
fi

# A password goes through the environment, never through the arguments, where ps would show it.
address=()
url="${DATABASE_DIRECT_URL:-${DATABASE_URL:-}}"
if [[ -n "$url" ]]; then
  if [[ "$url" =~ ^([a-z]+://[^:@/]*):([^@/]*)@(.*)$ ]]; then
    url="${BASH_REMATCH[1]}@${BASH_REMATCH[3]}"
    encoded="${BASH_REMATCH[2]//\\/%5C}"
    PGPASSWORD="$(printf '%b' "${encoded//%/\\x}")"
    export PGPASSWORD
  fi
  address=(--dbname "$url")
elif [[ -n "${DB_HOST:-}" ]]; then
  export PGHOST="$DB_HOST" PGPORT="${DB_PORT:-5432}"
  if [[ -n "${DB_USER:-}" ]]; then export PGUSER="$DB_USER"; fi
  if [[ -n "${DB_PASSWORD:-}" ]]; then export PGPASSWORD="$DB_PASSWORD"; fi
  if [[ -n "${DB_NAME:-}" ]]; then export PGDATABASE="$DB_NAME"; fi
else
  echo 'refresh-kpis: set DATABASE_URL, or DB_HOST with DB_USER and DB_NAME.' >&2
  exit 2
fi
export PGAPPNAME=refresh-kpis PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-5}"

# LOCK TABLE comes first and takes no snapshot: whoever waited sees what was committed meanwhile.
psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 ${address[@]+"${address[@]}"} <<'SQL'
begin isolation level repeatable read;
set local lock_timeout = '60s';
set local statement_timeout = '10min';
lock table kpi_refreshes in share update exclusive mode;
select view_name, took_ms || ' ms' from refresh_kpis();
commit;
SQL
