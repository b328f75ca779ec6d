-- Events, their guests, and the guests' invitations and answers.

create table events (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  organizer_id text not null references organizers (id),
  name text not null check (length(name) between 1 and 200),
  type text not null default 'standard'
    constraint events_type check (type in ('standard', 'premium')),
  status text not null default 'active'
    constraint events_status check (status in ('draft', 'active', 'archived', 'expired')),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  time_zone text not null default 'America/Mexico_City',
  location text,
  capacity integer constraint events_capacity check (capacity > 0),
  -- Days that the landing page stays after the end; null means LANDING_TTL_DEFAULT_DAYS.
  landing_ttl_days integer
    constraint events_landing_ttl check (landing_ttl_days between 1 and 3650),
  archived_at timestamptz,
  expired_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint events_order check (ends_at > starts_at)
);

create index events_organizer on events (organizer_id, created_at desc, id desc);
create index events_landing on events (status, ends_at)
  where status in ('active', 'archived');

-- Days that a landing page stays: the event's own value or the default, limited to 30–365.
create function landing_days(own integer, fallback integer) returns integer
language sql immutable parallel safe as $$
  select least(365, greatest(30, coalesce(own, fallback)))
$$;

-- When a landing page expires. Calendar days are added in the event's time zone, so a change to or
-- from daylight saving time does not shift the hour. An unknown time zone counts as Mexico City,
-- because one invalid event must not stop the nightly job.
create function landing_expires_at(ends_at timestamptz, time_zone text, days integer)
returns timestamptz
language plpgsql immutable parallel safe as $$
begin
  return (ends_at at time zone time_zone + make_interval(days => days)) at time zone time_zone;
exception when invalid_parameter_value then
  return (ends_at at time zone 'America/Mexico_City' + make_interval(days => days))
    at time zone 'America/Mexico_City';
end $$;

-- A guest id is unique within its event only, so that callers can use their own ids (g1, g2, …).
create table guests (
  event_id text not null references events (id) on delete cascade,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null check (length(name) between 1 and 200),
  phone text -- E.164; Mexican numbers without the old mobile prefix 1
    constraint guests_phone check (phone ~ '^\+[0-9]{7,15}$'),
  wa_id text, -- the id that WhatsApp last used for this guest
  email text
    constraint guests_email check (email = lower(email) and length(email) <= 254),
  party_size integer not null default 1
    constraint guests_party check (party_size between 1 and 20),
  tags text[] not null default '{}',
  locale text not null default 'es-MX'
    constraint guests_locale check (locale in ('es-MX', 'en')),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (event_id, id)
);

create index guests_phone_lookup on guests (phone)
  where phone is not null;

-- How many people the door admits for an invitation. A guest who confirmed fewer places keeps only
-- those, because the organizer may have given away the rest; any other answer keeps all places.
create function door_places(answer text, answered_places integer, places integer) returns integer
language sql immutable parallel safe as $$
  select case
    when answer = 'yes' then least(coalesce(answered_places, places), places)
    else places
  end
$$;

-- The invitation of a guest. Its code opens the landing page and, as a QR code, the door. Each
-- number has one writer: the organizer sets places, the guest answered_places, the door admitted.
create table invitations (
  id text primary key,
  event_id text not null,
  guest_id text not null,
  code text not null,
  -- Places offered. An answer does not change it, so the guest can return to the full number.
  places integer not null constraint invitations_places check (places between 1 and 20),
  answer text not null default 'pending'
    constraint invitations_answer check (answer in ('pending', 'yes', 'no', 'maybe')),
  answered_places integer
    constraint invitations_answered check (answered_places between 1 and 20),
  answered_at timestamptz,
  -- When the guest said it, by the provider's clock: a message from before it is outdated.
  answer_said_at timestamptz,
  answered_by text
    constraint invitations_answered_by check (answered_by in ('landing', 'whatsapp', 'organizer')),
  admitted integer not null default 0,
  first_admitted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint invitations_code_unique unique (code),
  constraint invitations_one_per_guest unique (event_id, guest_id),
  -- Holds for every statement: the door never admits more people than there are places.
  constraint invitations_admitted
    check (admitted between 0 and door_places(answer, answered_places, places)),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

-- Every answer that a guest gave. The invitation has the latest one.
create table invitation_answers (
  id bigint generated always as identity primary key,
  invitation_id text not null references invitations (id) on delete cascade,
  answer text not null,
  places integer,
  source text not null,
  source_ref text, -- the WhatsApp message or the request with the answer
  answered_at timestamptz not null
);

create index invitation_answers_of on invitation_answers (invitation_id, id);

-- The status of a guest as the API shows it.
create function guest_status(answer text, admitted integer) returns text
language sql immutable parallel safe as $$
  select case
    when admitted > 0 then 'scanned'
    when answer = 'yes' then 'confirmed'
    when answer = 'no' then 'declined'
    else 'pending'
  end
$$;
