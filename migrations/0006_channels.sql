-- Real channels: what may be sent to whom, how fast, by which way, and what happens when it is refused.

-- A message that was accepted and then refused may go again: 131047 as a template, a transient fault once more.
create or replace function delivery_may_become(current text, next text) returns boolean
language sql immutable parallel safe as $$
  select next = any (case current
    when 'scheduled' then array['sending', 'skipped']
    when 'queued'    then array['sending', 'skipped', 'sent', 'delivered', 'read', 'failed'] -- late evidence of an earlier attempt
    when 'sending'   then array['queued', 'sent', 'unknown', 'failed', 'dead', 'skipped', 'delivered', 'read']
    when 'unknown'   then array['queued', 'sent', 'delivered', 'read', 'failed', 'dead', 'skipped']
    when 'sent'      then array['delivered', 'read', 'failed', 'queued', 'dead']
    when 'delivered' then array['read']
    when 'failed'    then array['delivered', 'read', 'queued']
    when 'dead'      then array['sent', 'delivered', 'read', 'failed', 'queued', 'skipped']
    when 'skipped'   then array['queued']
    else array[]::text[] end)
$$;

-- A campaign: one message to everybody a filter names, frozen when it is launched.
create table campaigns (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text not null references events (id) on delete cascade,
  status text not null constraint campaigns_status check (status in
    ('preflight', 'running', 'paused', 'cancelled')),
  reason text,                        -- why it is paused, when not by a person: the refusal that stops the batch
  channel text not null constraint campaigns_channel check (channel in ('whatsapp', 'email', 'auto')),
  template text not null,
  variables jsonb not null default '{}',
  filter jsonb not null,
  spec_hash bytea not null,           -- of template, channel, variables, filter and time: what a launch must equal
  preflight jsonb not null,           -- the report that the launch refers to
  scheduled_at timestamptz,
  requested_by text not null,
  request_id text not null,
  created_at timestamptz not null,
  launched_at timestamptz,
  paused_at timestamptz,
  cancelled_at timestamptz,
  updated_at timestamptz not null
);
create index campaigns_event on campaigns (event_id, created_at desc, id desc);

alter table deliveries
  add column campaign_id text references campaigns (id),
  -- May go by e-mail when WhatsApp cannot reach the guest.
  add column may_fall_back boolean not null default false,
  -- The delivery whose place this one took on another channel. One heir each.
  add column fallback_of text references deliveries (id) on delete cascade,
  -- The guest's message that this one answers: one answer of a kind for each.
  add column answers_message text,
  -- 131047: WhatsApp refused free-form text although the window looked open to us.
  add column template_only boolean not null default false,
  add column channel_reason text,     -- why this channel
  add column message_reason text,     -- why free-form text, or a template
  add column paced_at timestamptz,    -- its turn in the throughput of the number; it keeps it for a moment
  -- The guest's number when the message left. Who answers it from there after the organizer has corrected the number
  -- is somebody else. Null: sent before this was kept.
  add column sent_to text,
  add column replays integer not null default 0,
  -- The caller's own key of this request; a retry after a crash finds the row it made.
  add column idempotency_key text,
  -- When the first call left: retries of an e-mail stay inside the 24 hours of the provider's key.
  add column first_attempt_at timestamptz;
create unique index deliveries_heir on deliveries (fallback_of) where fallback_of is not null;
create unique index deliveries_answer on deliveries (answers_message, template) where answers_message is not null;
create index deliveries_due_answers on deliveries (next_attempt_at) where answers_message is not null and next_attempt_at is not null;
create unique index deliveries_idempotency on deliveries (requested_by, idempotency_key) where idempotency_key is not null;
create index deliveries_campaign on deliveries (campaign_id, status) where campaign_id is not null;

alter table delivery_attempts drop constraint delivery_attempts_outcome;
alter table delivery_attempts add constraint delivery_attempts_outcome
  check (outcome in ('sent', 'retry', 'failed', 'unknown', 'skipped', 'deferred'));

-- What one provider can take, and whether it is asked to rest. One row a channel, shared by all workers.
create table channel_limits (
  channel text primary key,
  next_free_at timestamptz not null default '-infinity', -- of the number's throughput (generic cell rate algorithm)
  held_until timestamptz,            -- the breaker is open, or the provider said Retry-After
  hold_reason text,
  failures integer not null default 0, -- in a row; a success clears them
  updated_at timestamptz not null default now()
);
insert into channel_limits (channel) values ('whatsapp'), ('email');

-- WhatsApp takes about one message in six seconds for one recipient.
create table recipient_limits (
  address text primary key,
  next_free_at timestamptz not null
);

-- Numbers that WhatsApp could not reach. A message from the number, or one that arrives, clears it.
create table wa_unreachable (
  phone text primary key,
  reason text not null,
  since timestamptz not null
);

-- Addresses that get no more e-mail: hard bounces and complaints from anybody, an unsubscription from one organizer.
create table email_stops (
  email text not null check (email = lower(email)),
  organizer_id text not null default '*', -- '*': nobody may write to it
  reason text not null constraint email_stops_reason check (reason in ('bounced', 'complained', 'suppressed', 'unsubscribed')),
  stopped_at timestamptz not null,
  primary key (email, organizer_id)
);

-- What WhatsApp calls a person: a phone alias, a business-scoped user id, or both. `phone` is the one our guests carry.
create table wa_contacts (
  alias text primary key,            -- E.164 of the alias, or the business-scoped user id
  phone text not null,
  learned_at timestamptz not null
);
create index wa_contacts_phone on wa_contacts (phone);

-- Templates as the provider has them: approved, paused, rejected. Empty until they were synchronized.
create table wa_templates (
  name text not null,
  language text not null,
  status text not null,
  synced_at timestamptz not null,
  primary key (name, language)
);

alter table wa_messages
  add column user_id text,           -- business-scoped user id; the phone may be missing
  add column party_size integer,
  add column confidence real,        -- of the intent, 0 to 1
  add column rule text,              -- which rule understood it
  add column outcome text;           -- what came of it
alter table opt_outs add column message_id text;

-- Our own id, as the provider echoed it: a parked status joins by it when the call never told us the message's id.
alter table delivery_events add column our_id text;
-- Statuses of messages that are not ours: the sweep looks at the young ones only, and old ones are deleted.
create index delivery_events_parked_age on delivery_events (received_at) where delivery_id is null;

-- Until this moment, and not for ever, a message slot of a scheduled message counts from when it is due.
alter table delivery_slots add column due_at timestamptz;
update delivery_slots set due_at = requested_at;
alter table delivery_slots alter column due_at set not null;
