-- Campaigns: one message to every guest that a filter selects. The recipients are fixed when the
-- campaign is launched, or at its scheduled time when it follows the event. docs/states.md has the
-- state diagram.

create table campaigns (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text not null references events (id) on delete cascade,

  channel text not null
    constraint campaigns_channel check (channel in ('whatsapp', 'email', 'auto')),
  template text not null,
  variables jsonb not null default '{}',
  filter jsonb not null,
  spec_hash bytea not null, -- of the message, filter and time; a launch must match its preflight
  preflight jsonb not null, -- the report, and after the launch how many guests were left out

  status text not null
    constraint campaigns_status
    check (status in ('preflight', 'scheduled', 'running', 'cancelled', 'missed')),
  reason text, -- why it is missed or delayed; why it is paused stands in pauses
  missed_by_move boolean not null default false, -- the event moved; another move may bring it back

  -- {anchor, offsetDays, localTime} or {anchor, offsetMinutes}, relative to the event; null: a
  -- fixed time, or at once.
  schedule jsonb,
  scheduled_at timestamptz,
  -- The event's time and time zone behind scheduled_at. When the event has other values,
  -- scheduled_at is computed again.
  computed_from timestamptz,
  computed_zone text,

  requested_by text not null,
  request_id text not null,
  created_at timestamptz not null,
  launched_at timestamptz,
  triggered_at timestamptz, -- when the recipients of a campaign with a schedule were fixed
  cancelled_at timestamptz,
  updated_at timestamptz not null
);

create index campaigns_event on campaigns (event_id, created_at desc, id desc);
create index campaigns_awaited on campaigns (scheduled_at)
  where schedule is not null and status in ('scheduled', 'missed');
