-- Every scan at the door, including refused ones. A device that retries a scan_id gets the same
-- answer again.

create table scans (
  id text primary key,
  event_id text not null references events (id) on delete cascade,
  scan_id text not null,
  invitation_id text references invitations (id) on delete cascade,
  code_hash bytea not null,
  requested integer not null constraint scans_requested check (requested between 1 and 20),
  result text constraint scans_result check (result in ('valid', 'duplicate', 'invalid')),
  reason text, -- why it was refused; a stable code
  -- Both as they were after this scan, so that a retry gets the same numbers.
  admitted integer,
  remaining integer,
  gate text,
  device text,
  scanned_by text not null,
  scanned_at timestamptz not null, -- by the clock of the device
  received_at timestamptz not null, -- by our clock
  request_id text not null,
  constraint scans_once unique (event_id, scan_id)
);

create index scans_event on scans (event_id, received_at desc, id desc);
create index scans_invitation on scans (invitation_id, received_at)
  where result = 'valid';
