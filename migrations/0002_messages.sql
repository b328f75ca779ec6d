-- Outgoing deliveries, incoming webhooks, WhatsApp windows. docs/states.md draws the states.

-- The 24-hour customer-service window: only a guest's own message opens it (provider's time).
create table wa_windows (
  phone text primary key check (phone ~ '^\+[0-9]{7,15}$'),
  opened_at timestamptz not null,        -- first message of the current, unbroken window
  last_inbound_at timestamptz not null
);

create table opt_outs (
  organizer_id text not null references organizers (id) on delete cascade,
  phone text not null check (phone ~ '^\+[0-9]{7,15}$'),
  opted_out_at timestamptz not null,
  primary key (organizer_id, phone)
);

-- Which state may follow which. The one copy of the machine: statements ask it, the trigger insists on it.
create function delivery_may_become(current text, next text) returns boolean
language sql immutable parallel safe as $$
  select next = any (case current
    when 'scheduled' then array['sending', 'skipped']
    when 'queued'    then array['sending', 'skipped', 'sent', 'delivered', 'read', 'failed'] -- late evidence of an earlier attempt
    when 'sending'   then array['queued', 'sent', 'unknown', 'failed', 'dead', 'skipped', 'delivered', 'read']
    when 'unknown'   then array['queued', 'sent', 'delivered', 'read', 'failed', 'dead']
    when 'sent'      then array['delivered', 'read', 'failed']
    when 'delivered' then array['read']
    when 'failed'    then array['delivered', 'read', 'queued']
    when 'dead'      then array['sent', 'delivered', 'read', 'failed', 'queued']
    when 'skipped'   then array['queued']
    else array[]::text[] end)
$$;

create table deliveries (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text not null references events (id) on delete cascade,
  guest_id text not null,
  channel text not null constraint deliveries_channel check (channel in ('whatsapp', 'email')),
  template text not null,
  locale text not null,
  variables jsonb not null default '{}',
  status text not null constraint deliveries_status check (status in
    ('scheduled', 'queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', 'skipped', 'dead')),
  reason text,                        -- why it is failed, skipped, dead, unknown or waiting; a stable code
  attempts integer not null default 0,
  attempts_max integer not null,
  next_attempt_at timestamptz,        -- when it is due; null once nobody has to do anything
  enqueued_at timestamptz,            -- last nudge; the sweep nudges again what nobody holds
  lease_token uuid,                   -- who holds it while 'sending'; settling is fenced by it
  lease_until timestamptz,
  provider_message_id text,
  possible_duplicate boolean not null default false, -- sent again after an attempt whose outcome nobody saw
  simulated boolean not null default false,
  session_message boolean,            -- true: free-form inside the window; false: template
  pricing jsonb,                      -- the provider's pricing object, verbatim
  request_id text not null,
  requested_by text not null,
  requested_at timestamptz not null,
  scheduled_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  ended_at timestamptz,               -- when it became failed, skipped or dead
  updated_at timestamptz not null,
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);
create index deliveries_due on deliveries (next_attempt_at) where next_attempt_at is not null;
create index deliveries_leased on deliveries (lease_until) where status = 'sending';
create index deliveries_unknown on deliveries (next_attempt_at) where status = 'unknown';
create index deliveries_event on deliveries (event_id, requested_at desc, id desc);
create index deliveries_guest on deliveries (event_id, guest_id);
create unique index deliveries_provider_message on deliveries (provider_message_id)
  where provider_message_id is not null;

create function refuse_delivery_step_back() returns trigger language plpgsql as $$
begin
  if new.status <> old.status and not delivery_may_become(old.status, new.status) then
    raise exception 'delivery % cannot go from % to %', old.id, old.status, new.status
      using errcode = 'check_violation', constraint = 'deliveries_forward_only';
  end if;
  return new;
end $$;
create trigger deliveries_forward_only before update of status on deliveries
  for each row execute function refuse_delivery_step_back();

-- The slot of one intent: who asked last for this template for this guest. Its primary key is the
-- lock that lets one of many concurrent requests win; a delivery that failed frees it (trigger below).
create table delivery_slots (
  event_id text not null,
  guest_id text not null,
  template text not null,
  delivery_id text not null,
  requested_at timestamptz not null,
  primary key (event_id, guest_id, template),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

create function free_delivery_slot() returns trigger language plpgsql as $$
begin
  delete from delivery_slots where event_id = new.event_id and guest_id = new.guest_id
    and template = new.template and delivery_id = new.id;
  return null;
end $$;
create trigger deliveries_free_slot after update of status on deliveries
  for each row when (new.status in ('failed', 'dead', 'skipped') and old.status <> new.status)
  execute function free_delivery_slot();

-- One row per call to a provider, committed before the call and finished after it.
create table delivery_attempts (
  delivery_id text not null references deliveries (id) on delete cascade,
  n integer not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text constraint delivery_attempts_outcome check (outcome in ('sent', 'retry', 'failed', 'unknown', 'skipped')),
  reason text,
  http_status integer,
  provider_message_id text,
  primary key (delivery_id, n)
);
create index delivery_attempts_message on delivery_attempts (provider_message_id) where provider_message_id is not null;

-- Every status the provider ever told us, with its own clock. delivery_id is null while the status
-- is parked: it arrived before we knew the message id, and joins when we do.
create table delivery_events (
  id bigint generated always as identity primary key,
  delivery_id text references deliveries (id) on delete cascade,
  provider_message_id text not null,
  status text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  reason text,
  pricing jsonb,
  simulated boolean not null default false,
  constraint delivery_events_once unique (provider_message_id, status)
);
create index delivery_events_parked on delivery_events (provider_message_id) where delivery_id is null;
create index delivery_events_of on delivery_events (delivery_id, occurred_at);

-- Messages that guests wrote. The primary key is what makes a redelivered webhook harmless.
create table wa_messages (
  id text primary key, -- the provider's message id
  phone text,
  type text not null,
  body text,
  context_message_id text,
  sent_at timestamptz not null,     -- provider's time
  received_at timestamptz not null,
  event_id text,
  guest_id text,
  intent text,                      -- what we understood: yes | no | maybe | null
  inbound_event_id text not null,
  simulated boolean not null default false
);

create index wa_messages_intent on wa_messages (event_id, guest_id, sent_at) where intent is not null;

-- Webhooks of every provider, stored before they are understood. A 2xx means: this row is committed.
create table inbound_events (
  id text primary key,
  source text not null constraint inbound_events_source check (source in
    ('whatsapp', 'stripe', 'conekta', 'mock', 'email')),
  dedupe_key text not null,
  body bytea not null,              -- the exact bytes that were signed
  request_id text not null,
  simulated boolean not null default false,
  status text not null default 'received'
    constraint inbound_events_status check (status in ('received', 'done', 'ignored', 'dead')),
  reason text,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  enqueued_at timestamptz,
  received_at timestamptz not null,
  processed_at timestamptz,
  constraint inbound_events_once unique (source, dedupe_key)
);
create index inbound_events_due on inbound_events (next_attempt_at) where next_attempt_at is not null;

-- What could not be done and waits for a person.
create table dead_letters (
  id bigint generated always as identity primary key,
  kind text not null constraint dead_letters_kind check (kind in ('delivery', 'inbound_event', 'job')),
  ref_id text not null,
  reason text not null,
  attempts integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text
);
create unique index dead_letters_open on dead_letters (kind, ref_id) where resolved_at is null;

-- The simulated provider's own book (SIMULATOR=true): what it accepted and which callback it owes next.
create table simulated_messages (
  id text primary key,
  callback_data text not null,
  recipient text not null,
  channel text not null,
  body text not null,
  accepted_at timestamptz not null,
  next_step integer not null default 0,
  next_step_at timestamptz
);
create index simulated_messages_due on simulated_messages (next_step_at) where next_step_at is not null;
create index simulated_messages_callback on simulated_messages (callback_data);
