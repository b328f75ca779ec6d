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
