-- Incoming webhooks, dead letters, and what the service needs to run: idempotency keys, cache,
-- locks and job history.

-- Webhooks of all providers, stored before they are parsed. A 2xx means that the row is committed.
create table inbound_events (
  id text primary key,
  source text not null
    constraint inbound_events_source
    check (source in ('whatsapp', 'stripe', 'conekta', 'mock', 'email')),
  dedupe_key text not null,
  body bytea not null, -- the exact bytes that were signed
  request_id text not null,
  simulated boolean not null default false,
  status text not null default 'received'
    constraint inbound_events_status check (status in ('received', 'done', 'ignored', 'dead')),
  reason text,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  enqueued_at timestamptz,
  received_at timestamptz not null,
  processed_at timestamptz,
  constraint inbound_events_once unique (source, dedupe_key)
);

create index inbound_events_due on inbound_events (next_attempt_at)
  where next_attempt_at is not null;

-- Work that could not be done and waits for a person.
create table dead_letters (
  id bigint generated always as identity primary key,
  kind text not null
    constraint dead_letters_kind check (kind in ('delivery', 'inbound_event', 'job')),
  ref_id text not null,
  code text not null, -- why the work was given up; operators filter by it
  attempts integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text,
  -- What a person did, or what a retry found: the message had arrived, a newer delivery took its
  -- place ('superseded'), it was already in progress ('moved'), or it was deleted ('gone').
  resolution text
    constraint dead_letters_resolution
    check (resolution in ('retried', 'discarded', 'arrived', 'superseded', 'moved', 'gone'))
);

create index dead_letters_newest on dead_letters (last_at desc, id desc);
create unique index dead_letters_open on dead_letters (kind, ref_id)
  where resolved_at is null;

-- The stored response of a request with an Idempotency-Key header.
create table idempotency_keys (
  caller text not null,
  key text not null,
  request_hash bytea not null, -- of method, path and body
  locked_at timestamptz, -- when the request in progress started; null once it has a response
  status_code integer,
  body text,
  created_at timestamptz not null,
  primary key (caller, key)
);

create index idempotency_keys_age on idempotency_keys (created_at);

-- Cache, counters and locks when there is no Redis. Unlogged, because all of it may be lost.
create unlogged table kv (
  key text primary key,
  value text not null,
  expires_at timestamptz
);

create index kv_expiry on kv (expires_at)
  where expires_at is not null;

-- Fencing tokens. A lock can expire while its holder still works, so every new holder increments
-- the fence and each write checks it: a late holder changes nothing.
create table fences (
  name text primary key,
  fence bigint not null
);

create table job_runs (
  id bigint generated always as identity primary key,
  job text not null,
  run_on date not null, -- the local day in LANDING_JOB_TIME_ZONE
  forced boolean not null default false,
  fence bigint,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text,
  counts jsonb
);

create unique index job_runs_nightly on job_runs (job, run_on)
  where not forced;
