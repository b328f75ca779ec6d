-- The whole life of an event: where it is, until when guests answer, and that it can be cancelled.

-- A cancelled event stays cancelled: its guests may have been told.
alter table events
  drop constraint events_status,
  add constraint events_status
    check (status in ('draft', 'active', 'archived', 'expired', 'cancelled')),
  add column cancelled_at timestamptz,
  add column cancel_reason text, -- for the people of the organizer, never compared
  add constraint events_cancelled check ((status = 'cancelled') = (cancelled_at is not null));

alter table events
  -- { name, address, mapUrl, latitude, longitude }, each of them or null. `location` is the line that messages show.
  add column venue jsonb constraint events_venue check (jsonb_typeof(venue) = 'object'),
  -- From then on guests cannot answer; null: until the event ends. The earlier of the two counts.
  add column rsvp_until timestamptz;

-- The companions of a guest that fit into a party, which counts the guest as well.
create function first_companions(companions jsonb, party_size integer) returns jsonb
language sql immutable parallel safe as $$
  select coalesce(jsonb_agg(c.companion order by c.n), '[]')
    from jsonb_array_elements(companions) with ordinality c (companion, n)
   where c.n < party_size
$$;

alter table guests
  -- Who comes with the guest: [{ name }, …], in the order in which they were named.
  add column companions jsonb not null default '[]'
    constraint guests_companions
    check (jsonb_typeof(companions) = 'array' and jsonb_array_length(companions) < party_size);

-- Guests who would come to an event that is full, in the order in which they joined.
create table waitlist_entries (
  event_id text not null,
  guest_id text not null,
  party_size integer not null
    constraint waitlist_entries_party check (party_size between 1 and 20),
  joined_at timestamptz not null,
  added_by text, -- the user who added the guest; null: the guest joined
  primary key (event_id, guest_id),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

create index waitlist_entries_line on waitlist_entries (event_id, joined_at, guest_id);

-- Whoever answers, by whatever way, waits no longer. It is part of the answer, so that nobody who
-- has said no is confirmed a moment later.
create function leave_waitlist() returns trigger
language plpgsql as $$
begin
  delete from waitlist_entries
   where event_id = new.event_id and guest_id = new.guest_id;
  return null;
end $$;

create trigger invitations_leave_waitlist
  after update of answer, answer_said_at on invitations
  for each row
  execute function leave_waitlist();

-- 'waitlist': a place became free.
alter table invitations
  drop constraint invitations_answered_by,
  add constraint invitations_answered_by
    check (answered_by in ('landing', 'whatsapp', 'organizer', 'staff', 'waitlist'));
