-- Who may do what, what they organize, and whom they invite.
-- Identifiers are text: prefix_ + time-sortable id, or a caller's own id ([A-Za-z0-9_-]{1,64}).

create table organizers (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);

create table users (
  id text primary key,
  organizer_id text references organizers (id),
  email text not null check (email = lower(email)),
  name text not null,
  role text not null constraint users_role check (role in ('director', 'organizer', 'staff', 'viewer')),
  password_hash text not null, -- argon2id, PHC string
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  constraint users_email_unique unique (email),
  -- Everybody but a director belongs to one organizer; that is what scopes their queries.
  constraint users_tenant check ((role = 'director') = (organizer_id is null))
);

-- One row per refresh token ever issued. Using one twice revokes its whole family (RFC 9700 §4.14).
create table refresh_tokens (
  token_hash bytea primary key, -- SHA-256; the token itself is stored nowhere
  family_id text not null,
  user_id text not null references users (id) on delete cascade,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index refresh_tokens_family on refresh_tokens (family_id);

create table events (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  organizer_id text not null references organizers (id),
  name text not null check (length(name) between 1 and 200),
  type text not null default 'standard' constraint events_type check (type in ('standard', 'premium')),
  status text not null default 'active'
    constraint events_status check (status in ('draft', 'active', 'archived', 'expired')),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  time_zone text not null default 'America/Mexico_City',
  location text,
  capacity integer constraint events_capacity check (capacity > 0),
  -- Days the landing stays after the end; null = LANDING_TTL_DEFAULT_DAYS. Clamped to 30–365 where it is used.
  landing_ttl_days integer constraint events_landing_ttl check (landing_ttl_days between 1 and 3650),
  archived_at timestamptz,
  expired_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint events_order check (ends_at > starts_at)
);
create index events_organizer on events (organizer_id, created_at desc, id desc);
create index events_landing on events (status, ends_at) where status in ('active', 'archived');

-- How many days a landing stays: the event's own wish or the configured default, never outside 30–365.
create function landing_days(own integer, fallback integer) returns integer
language sql immutable parallel safe as $$
  select least(365, greatest(30, coalesce(own, fallback)))
$$;

-- When a landing expires: calendar days in the event's own zone, so that a change to or from summer time
-- between the two does not shift the hour. A zone this server does not know counts as the house's own:
-- one odd event must not stop the nightly job of all the others.
create function landing_expires_at(ends_at timestamptz, time_zone text, days integer) returns timestamptz
language plpgsql immutable parallel safe as $$
begin
  return (ends_at at time zone time_zone + make_interval(days => days)) at time zone time_zone;
exception when invalid_parameter_value then
  return (ends_at at time zone 'America/Mexico_City' + make_interval(days => days)) at time zone 'America/Mexico_City';
end $$;

-- A guest's id is unique inside its event only, so that callers may keep their own ids (g1, g2…).
create table guests (
  event_id text not null references events (id) on delete cascade,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null check (length(name) between 1 and 200),
  phone text constraint guests_phone check (phone ~ '^\+[0-9]{7,15}$'), -- E.164, Mexico without the old mobile 1
  wa_id text,                                                           -- the alias WhatsApp last used for this person
  email text constraint guests_email check (email = lower(email) and length(email) <= 254),
  party_size integer not null default 1 constraint guests_party check (party_size between 1 and 20),
  tags text[] not null default '{}',
  locale text not null default 'es-MX' constraint guests_locale check (locale in ('es-MX', 'en')),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (event_id, id)
);
create index guests_phone_lookup on guests (phone) where phone is not null;

-- How many people the door lets in for one invitation: who confirmed fewer than were invited keeps only
-- those places, because the others may have been given to somebody else; every other answer keeps all.
create function door_places(answer text, answered_places integer, places integer) returns integer
language sql immutable parallel safe as $$
  select case when answer = 'yes' then least(coalesce(answered_places, places), places) else places end
$$;

-- The invitation of a guest: its code opens the landing page and, as a QR, the door. Three writers, three
-- columns: the organizer invites (places), the guest answers (answered_places), the door admits (admitted).
create table invitations (
  id text primary key,
  event_id text not null,
  guest_id text not null,
  code text not null,
  answer text not null default 'pending'
    constraint invitations_answer check (answer in ('pending', 'yes', 'no', 'maybe')),
  answered_places integer constraint invitations_answered check (answered_places between 1 and 20),
  answered_at timestamptz,
  answered_by text constraint invitations_answered_by check (answered_by in ('landing', 'whatsapp', 'organizer')),
  -- As many as were invited; an answer does not change it, so that a guest may come back to the full number.
  places integer not null constraint invitations_places check (places between 1 and 20),
  admitted integer not null default 0,
  first_admitted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint invitations_code_unique unique (code),
  constraint invitations_one_per_guest unique (event_id, guest_id),
  -- The door's last word, whatever a statement tries.
  constraint invitations_admitted check (admitted between 0 and door_places(answer, answered_places, places)),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

-- Every answer a guest ever gave; the invitation keeps the latest.
create table invitation_answers (
  id bigint generated always as identity primary key,
  invitation_id text not null references invitations (id) on delete cascade,
  answer text not null,
  places integer,
  source text not null,
  source_ref text, -- the WhatsApp message or request that carried it
  answered_at timestamptz not null
);
create index invitation_answers_of on invitation_answers (invitation_id, id);

-- A guest's status as people read it.
create function guest_status(answer text, admitted integer) returns text
language sql immutable parallel safe as $$
  select case when admitted > 0 then 'scanned'
              when answer = 'yes' then 'confirmed'
              when answer = 'no' then 'declined'
              else 'pending' end
$$;
