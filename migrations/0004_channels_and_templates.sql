-- Pauses, the channels themselves (rate limits, WhatsApp templates and quotas), and the simulated
-- provider.

-- The one kind of pause. A person pauses a channel, an organizer, an event or a campaign; the system
-- pauses a campaign or a channel after a refusal, or because the circuit breaker opened. Ending a
-- pause deletes its row.
create table pauses (
  scope text not null
    constraint pauses_scope check (scope in ('channel', 'organizer', 'event', 'campaign')),
  scope_id text not null,
  source text not null constraint pauses_source check (source in ('person', 'system')),
  reason text not null, -- a stable code, or what the person said
  paused_by text not null,
  paused_at timestamptz not null,
  until timestamptz, -- null: until somebody resumes it
  -- At `until` the circuit is half-open: one message goes first, and only its success ends the pause.
  needs_probe boolean not null default false,
  probed_at timestamptz, -- when the last of these messages left
  primary key (scope, scope_id, source)
);

-- Rate limit and failures of a channel. One row per channel, shared by all workers.
create table channel_limits (
  channel text primary key,
  tokens double precision not null default 0, -- in the bucket at refilled_at; one message takes one
  refilled_at timestamptz not null default to_timestamp(0),
  failures integer not null default 0, -- in a row; a success resets it
  updated_at timestamptz not null default now()
);

insert into channel_limits (channel)
values ('whatsapp'), ('email');

-- WhatsApp accepts about one message in six seconds for the same recipient.
create table recipient_limits (
  address text primary key,
  next_free_at timestamptz not null
);

-- Our templates as WhatsApp has them. Empty until the first synchronization.
create table wa_templates (
  name text not null,
  language text not null,
  status text not null, -- WhatsApp's value, or MISSING when WhatsApp does not list it
  synced_at timestamptz not null,
  category text, -- WhatsApp's value in lower case; null: unknown
  shape jsonb, -- approved header, variables and buttons, to find differences; null: unknown
  primary key (name, language)
);

-- How many people the business portfolio may contact first in 24 hours, as WhatsApp last reported.
create table wa_messaging_limit (
  -- Limits the table to one row.
  is_only boolean primary key default true constraint wa_messaging_limit_one check (is_only),
  recipients integer, -- null: no limit
  told_at timestamptz not null
);

-- Free-form messages sent per calendar month, because WhatsApp does not charge for the first ones.
create table wa_service_months (
  month date primary key,
  messages integer not null,
  counted_at timestamptz not null
);

-- Messages that the simulated provider accepted (SIMULATOR=true), with the next callback to send.
create table simulated_messages (
  id text primary key,
  callback_data text not null, -- our delivery id
  recipient text not null,
  channel text not null,
  body text not null,
  accepted_at timestamptz not null,
  next_step integer not null default 0,
  next_step_at timestamptz -- null: no callback is left
);

create index simulated_messages_due on simulated_messages (next_step_at)
  where next_step_at is not null;
create index simulated_messages_callback on simulated_messages (callback_data);
