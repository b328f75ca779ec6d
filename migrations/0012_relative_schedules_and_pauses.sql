-- Campaigns that follow the times of their event, and switches that stop sending.

alter table campaigns drop constraint campaigns_status;
alter table campaigns add constraint campaigns_status check (status in
  ('preflight', 'scheduled', 'running', 'paused', 'cancelled', 'missed'));
-- Why a campaign is paused or was missed is in `reason`; null: a person paused it.
alter table campaigns
  -- {anchor, offsetDays, localTime} or {anchor, offsetMinutes}. Null: at once, or at an instant.
  add column schedule jsonb,
  -- What scheduled_at was computed from; where the event says otherwise now, it is computed anew.
  add column computed_from timestamptz,
  add column computed_zone text,
  add column triggered_at timestamptz;   -- when its recipients were frozen
create index campaigns_awaited on campaigns (scheduled_at) where schedule is not null and status in ('scheduled', 'missed');

-- Nothing is sent while these say so. What waits for the end of a pause has no due time, and a reason.
alter table events
  add column sending_paused_at timestamptz,
  add column sending_paused_by text;
alter table organizers
  add column sending_paused_at timestamptz,
  add column sending_paused_by text;
-- A channel that a person has stopped. The rest that a provider or the breaker asks for is in channel_limits.
create table channel_holds (
  channel text primary key references channel_limits (channel),
  reason text not null,
  held_by text not null,
  held_at timestamptz not null,
  until timestamptz                      -- null: until it is released
);
create index deliveries_held on deliveries (reason)
  where next_attempt_at is null and status in ('queued', 'scheduled');
