-- Anonymising a guest (decision 34), and imports of long lists as jobs.

alter table guests add column if not exists anonymized_at timestamptz;
-- Its code opens neither the page nor the door any more.
alter table invitations add column if not exists revoked_at timestamptz;

-- Who was anonymised, by whom and when, and how many rows of each table that changed.
create table guest_anonymizations (
  event_id text not null,
  guest_id text not null,
  reason text,
  erased jsonb not null,
  requested_by text not null,
  request_id text not null,
  anonymized_at timestamptz not null,
  primary key (event_id, guest_id),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

-- Stops of people whose addresses were erased, so that a stop is honoured when the address is imported again. The hash
-- has a key, because there are few enough phone numbers to try them all.
create table forgotten_stops (
  kind text not null
    constraint forgotten_stops_kind check (kind in ('opt_out', 'email', 'promotions')),
  organizer_id text not null, -- '*': of every organizer
  hash bytea not null,
  cause text, -- of an e-mail stop its reason, of a stop of promotions its source
  stopped_at timestamptz not null,
  primary key (kind, organizer_id, hash)
);
create index forgotten_stops_hash on forgotten_stops (hash);

create table forgotten_key (
  is_only boolean primary key default true check (is_only),
  key text not null
);
insert into forgotten_key (key) values (gen_random_uuid()::text || gen_random_uuid()::text);

create function forgotten_hash(address text) returns bytea
language sql stable strict parallel safe
as $$ select sha256(convert_to(key || address, 'UTF8')) from forgotten_key $$;

-- Moves the stops of these addresses back to where they are honoured.
create function restore_stops(organizer text, phone text, email text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  with known as (
    delete from forgotten_stops f
     where f.kind = 'opt_out'
       and f.organizer_id = organizer
       and f.hash = forgotten_hash(restore_stops.phone)
    returning f.stopped_at)
  insert into opt_outs (organizer_id, phone, opted_out_at)
  select organizer, restore_stops.phone, stopped_at from known
  on conflict do nothing;
  with known as (
    delete from forgotten_stops f
     where f.kind = 'promotions'
       and f.hash = forgotten_hash(restore_stops.phone)
    returning f.stopped_at, f.cause)
  insert into wa_marketing_stops (phone, stopped_at, source)
  select restore_stops.phone, stopped_at, cause from known
  on conflict do nothing;
  with known as (
    delete from forgotten_stops f
     where f.kind = 'email'
       and f.organizer_id in ('*', organizer)
       and f.hash = forgotten_hash(restore_stops.email)
    returning f.organizer_id, f.stopped_at, f.cause)
  insert into email_stops (email, organizer_id, reason, stopped_at)
  select restore_stops.email, known.organizer_id, cause, stopped_at from known
  on conflict do nothing;
end $$;

revoke execute on function restore_stops from public;

create function guests_restore_stops() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
       select from forgotten_stops
        where hash in (forgotten_hash(new.phone), forgotten_hash(new.email))) then
    perform restore_stops(e.organizer_id, new.phone, new.email) from events e where e.id = new.event_id;
  end if;
  return null;
end $$;

-- Once for a whole list, and nothing more while nobody has been forgotten.
create function guests_restore_added_stops() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from forgotten_stops) then
    perform restore_stops(e.organizer_id, a.phone, a.email)
       from added a
       join events e on e.id = a.event_id
      where exists (
              select from forgotten_stops
               where hash in (forgotten_hash(a.phone), forgotten_hash(a.email)));
  end if;
  return null;
end $$;

create trigger guests_added_with_stops
  after insert on guests
  referencing new table as added
  for each statement execute function guests_restore_added_stops();
create trigger guests_changed_with_stops
  after update of phone, email on guests
  for each row when (new.phone is distinct from old.phone or new.email is distinct from old.email)
  execute function guests_restore_stops();

-- The audit log still only grows, but what it says of a person can be erased: a value may become '[erased]', and nothing else.
create function audit_entries_erased(old jsonb, new jsonb) returns boolean
language sql immutable parallel safe
as $$
  select coalesce(old is not distinct from new
      or jsonb_typeof(old) = 'object'
         and jsonb_typeof(new) = 'object'
         and not exists (
               select from jsonb_each(old) o
                 full join jsonb_each(new) n on n.key = o.key
                where n.key is null
                   or o.key is null
                   or n.value <> o.value and n.value <> '"[erased]"'::jsonb), false)
$$;

create function audit_entries_only_erase() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE'
     and to_jsonb(new) - 'before' - 'after' = to_jsonb(old) - 'before' - 'after'
     and audit_entries_erased(old.before, new.before)
     and audit_entries_erased(old.after, new.after) then
    return new;
  end if;
  raise exception 'audit_entries is append-only'
    using errcode = 'check_violation', constraint = 'audit_entries_append_only';
end $$;

drop trigger audit_entries_append_only on audit_entries;
create trigger audit_entries_append_only
  before update or delete on audit_entries
  for each row execute function audit_entries_only_erase();

-- What a guest wrote, whatever it was understood as.
create index wa_messages_guest on wa_messages (event_id, guest_id) where guest_id is not null;

-- A long list is imported by a job, a thousand rows at a time.
alter table guest_imports
  add column status text not null default 'completed'
    constraint guest_imports_status check (status in ('queued', 'running', 'completed', 'failed')),
  add column mapping jsonb not null default '{}',
  add column rows_done integer not null default 0, -- the rows below the headings that were applied
  add column rows_total integer not null default 0,
  add column attempt integer not null default 0, -- the one that runs or ran last
  add column lease_until timestamptz, -- later than this its worker has died
  add column ended_at timestamptz;

update guest_imports
   set rows_done = created + updated + unchanged + rejected,
       rows_total = created + updated + unchanged + rejected,
       ended_at = created_at;

alter table guest_imports
  add constraint guest_imports_lease check ((status = 'running') = (lease_until is not null)),
  add constraint guest_imports_end check ((status in ('completed', 'failed')) = (ended_at is not null));

create index guest_imports_open on guest_imports (event_id, created_at, id) where status in ('queued', 'running');

-- The file of an import that has not ended.
create table guest_import_chunks (
  import_id text not null references guest_imports (id) on delete cascade,
  number integer not null,
  bytes bytea not null,
  primary key (import_id, number)
);

-- Which row of the file spoke of a guest first, until the import ends: the first row counts.
create table guest_import_seen (
  import_id text not null references guest_imports (id) on delete cascade,
  guest_id text not null,
  row_number integer not null,
  primary key (import_id, guest_id)
);
