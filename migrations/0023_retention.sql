-- Which logs of an event are deleted: the job need not look at its rows again, and no log needs an index by age.
create table deleted_logs (
  event_id text not null references events (id) on delete cascade,
  log text not null
    constraint deleted_logs_log check (log in ('delivery_events', 'delivery_attempts', 'scans')),
  deleted_at timestamptz not null,
  primary key (event_id, log)
);

-- The oldest webhooks of a source.
create index inbound_events_age on inbound_events (source, received_at);
