-- What the house itself remembers: idempotency, cache and locks without Redis, fences, runs of the clock.

create table idempotency_keys (
  caller text not null,
  key text not null,
  request_hash bytea not null,       -- method, path and body
  locked_at timestamptz,             -- in flight since; null once answered
  status_code integer,
  body text,
  created_at timestamptz not null,
  primary key (caller, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Cache, counters and locks when there is no Redis. Unlogged: all of it may be lost without harm.
create unlogged table kv (
  key text primary key,
  value text not null,
  expires_at timestamptz
);
create index kv_expiry on kv (expires_at) where expires_at is not null;

-- A lock can outlive its holder's patience; a fence cannot be forged. Whoever takes a lock raises the
-- fence, and every write of the job names the fence it was given: a late holder changes nothing.
create table fences (
  name text primary key,
  fence bigint not null
);

create table job_runs (
  id bigint generated always as identity primary key,
  job text not null,
  run_on date not null,              -- the local day of LANDING_JOB_TIME_ZONE
  forced boolean not null default false,
  fence bigint,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text,
  counts jsonb
);
create unique index job_runs_nightly on job_runs (job, run_on) where not forced;
