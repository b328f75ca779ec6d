-- What is known about a phone number or an e-mail address, whatever the event: who it is, whether
-- it can be reached, and what it must not receive.

-- Maps the ids that WhatsApp uses for a person to the phone number that our guests have.
create table wa_contacts (
  alias text primary key, -- a phone number in E.164, or a business-scoped user id
  phone text not null,
  learned_at timestamptz not null
);

create index wa_contacts_phone on wa_contacts (phone);

-- The 24-hour customer service window, by the provider's clock. Only a message from the guest
-- opens it.
create table wa_windows (
  phone text primary key check (phone ~ '^\+[0-9]{7,15}$'),
  opened_at timestamptz not null, -- first message of the current, unbroken window
  last_inbound_at timestamptz not null
);

-- Numbers that WhatsApp could not reach, so the next message starts with e-mail. A message to or
-- from the number deletes the row.
create table wa_unreachable (
  phone text primary key,
  reason text not null,
  since timestamptz not null
);

-- Who wants no marketing messages on WhatsApp, by the provider's clock. Marketing is stopped while
-- stopped_at is later than resumed_at.
create table wa_marketing_stops (
  phone text primary key,
  stopped_at timestamptz,
  source text -- where the stop came from
    constraint wa_marketing_stops_source check (source in ('refusal', 'preference')),
  resumed_at timestamptz, -- kept, so that an older stop that arrives late has no effect
  withheld_until timestamptz -- WhatsApp delivers no marketing to this person until then (131049)
);

-- Guests who opted out of an organizer's messages (BAJA). Opting in again (ALTA) deletes the row.
create table opt_outs (
  organizer_id text not null references organizers (id) on delete cascade,
  phone text not null check (phone ~ '^\+[0-9]{7,15}$'),
  opted_out_at timestamptz not null,
  message_id text, -- the guest's message
  primary key (organizer_id, phone)
);

-- Addresses that receive no more e-mail. Hard bounces and complaints apply to all organizers, an
-- unsubscription applies to one.
create table email_stops (
  email text not null check (email = lower(email)),
  organizer_id text not null default '*', -- '*' means all organizers
  reason text not null
    constraint email_stops_reason
    check (reason in ('bounced', 'complained', 'suppressed', 'unsubscribed')),
  stopped_at timestamptz not null,
  primary key (email, organizer_id)
);
