-- Codes as people and scanners write them, and calendar entries that move with their event.

-- The key of a code: its letters and digits alone, with those that look alike as one. Two spellings
-- of a code have the same key. src/events/codes.ts computes the same.
create function code_key(code text) returns text
language sql immutable parallel safe as $$
  select translate(
    upper(regexp_replace(code collate "C", '[^A-Za-z0-9]', '', 'g') collate "C"),
    'OIL', '011')
$$;

-- Not unique: a code that matches two keys is refused when it is read. The key depends on the code
-- alone, which never changes, so scans and answers stay updates in place.
create index invitations_code_key on invitations (code_key(code));

-- How often something that the calendar entry shows has changed, and when it last did (RFC 5545,
-- SEQUENCE and LAST-MODIFIED). A calendar takes an entry over only if this number grew.
alter table events
  add column calendar_sequence integer not null default 0,
  add column calendar_changed_at timestamptz;

-- Counted here, so that it holds for every statement that changes an event.
create function events_count_calendar_change() returns trigger
language plpgsql as $$
begin
  new.calendar_sequence := old.calendar_sequence + 1;
  new.calendar_changed_at := new.updated_at;
  return new;
end $$;

create trigger events_calendar_change
  before update of name, starts_at, ends_at, time_zone, location on events
  for each row
  when ((old.name, old.starts_at, old.ends_at, old.time_zone, old.location)
    is distinct from (new.name, new.starts_at, new.ends_at, new.time_zone, new.location))
  execute function events_count_calendar_change();
