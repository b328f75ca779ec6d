-- Who may use the API beside people: keys of programs and devices of a door; and which of the staff work at which event.

-- Staff see and scan only the events that they are assigned to.
create table event_staff (
  event_id text not null references events (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  gate text constraint event_staff_gate check (length(gate) between 1 and 100),
  added_by text not null,
  added_at timestamptz not null,
  primary key (event_id, user_id)
);

create index event_staff_user on event_staff (user_id);
create index event_staff_list on event_staff (event_id, added_at desc, user_id desc);

-- Until now staff saw every event of their organizer. Nobody loses a door by this migration.
insert into event_staff (event_id, user_id, added_by, added_at)
select e.id, u.id, 'migration', now()
  from users u
  join events e on e.organizer_id = u.organizer_id
 where u.role = 'staff'
   and e.status <> 'expired';

create table api_keys (
  id text primary key,
  organizer_id text references organizers (id), -- null: a key of the platform, which reaches every organizer
  name text not null
    constraint api_keys_name check (length(name) between 1 and 200),
  prefix text not null, -- the beginning of the key, to tell keys apart
  token_hash bytea not null -- SHA-256; the key itself is not stored
    constraint api_keys_token unique,
  scopes text[] not null
    constraint api_keys_scopes check (
      cardinality(scopes) > 0 and scopes <@ array['read', 'write', 'door', 'payments']),
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  -- The key that takes its place. Both work until this one expires.
  replaced_by text references api_keys (id) on delete set null
);

create index api_keys_list on api_keys (created_at desc, id desc);
create index api_keys_organizer on api_keys (organizer_id, created_at desc, id desc);
create index api_keys_replaced on api_keys (replaced_by) where replaced_by is not null;

-- Phones and scanners at one gate of one event. A device is set up by a code, which is valid once.
create table devices (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text not null references events (id) on delete cascade,
  gate text not null
    constraint devices_gate check (length(gate) between 1 and 100),
  name text not null
    constraint devices_name check (length(name) between 1 and 100),
  code_hash bytea -- SHA-256; null once it is used
    constraint devices_code unique,
  code_expires_at timestamptz not null,
  token_hash bytea -- SHA-256; null until the code is used
    constraint devices_token unique,
  claimed_at timestamptz,
  last_used_at timestamptz,
  created_by text not null,
  created_at timestamptz not null,
  -- Scans name their device, and the ranking of the door tells devices apart by it.
  constraint devices_name_unique unique (event_id, name)
);

create index devices_list on devices (created_at desc, id desc);
create index devices_organizer on devices (organizer_id, created_at desc, id desc);

-- The login that stayed when its person changed the password; every other one ended with the version before.
alter table users add column access_kept_session text;
