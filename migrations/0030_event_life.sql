-- The whole life of an event: it can be cancelled.

-- A cancelled event stays cancelled: its guests may have been told.
alter table events
  drop constraint events_status,
  add constraint events_status
    check (status in ('draft', 'active', 'archived', 'expired', 'cancelled')),
  add column cancelled_at timestamptz,
  add column cancel_reason text, -- for the people of the organizer, never compared
  add constraint events_cancelled check ((status = 'cancelled') = (cancelled_at is not null));
