-- Reports as files that are too large for one answer. A job writes them, chunk by chunk.

create table exports (
  id text primary key,
  report text not null,
  format text not null
    constraint exports_format check (format in ('csv', 'xlsx')),
  filter jsonb not null, -- ids and days, as they were read when the export was asked for
  status text not null default 'queued'
    constraint exports_status check (status in ('queued', 'running', 'completed', 'failed')),
  attempt integer not null default 0, -- the one that runs or ran last
  lease_until timestamptz, -- later than this its worker has died
  rows_done integer not null default 0,
  rows_total integer,
  bytes bigint not null default 0,
  requested_by text not null,
  request_id text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint exports_lease check ((status = 'running') = (lease_until is not null)),
  constraint exports_end check ((status in ('completed', 'failed')) = (ended_at is not null))
);

create index exports_open on exports (created_at) where status in ('queued', 'running');
create index exports_age on exports (created_at);

-- A worker that lost its lease and comes back cannot mix its chunks with those of the next one.
create table export_chunks (
  export_id text not null references exports (id) on delete cascade,
  attempt integer not null,
  number integer not null,
  bytes bytea not null,
  primary key (export_id, attempt, number)
);
