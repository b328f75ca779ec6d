-- Outgoing messages: the delivery, its attempts, and the statuses that the provider reports.
-- docs/states.md has the state diagram.

-- Which status may follow which. This is the only copy: statements call it, the trigger enforces
-- it. PL/pgSQL, because an SQL function is parsed again by every statement that fires the trigger.
create function delivery_may_become(current text, next text) returns boolean
language plpgsql immutable parallel safe as $$
begin
  -- $2 instead of its name, because `return next` is a statement of its own.
  return $2 = any (case current
    when 'scheduled' then array['sending', 'skipped']
    -- A queued delivery may get a late status of an earlier attempt.
    when 'queued'    then array['sending', 'skipped', 'sent', 'delivered', 'read', 'failed']
    when 'sending'   then array['queued', 'sent', 'unknown', 'failed', 'dead', 'skipped',
                                'delivered', 'read']
    when 'unknown'   then array['queued', 'sent', 'delivered', 'read', 'failed', 'dead', 'skipped']
    when 'sent'      then array['delivered', 'read', 'failed', 'queued', 'dead']
    when 'delivered' then array['read']
    when 'failed'    then array['delivered', 'read', 'queued']
    when 'dead'      then array['sent', 'delivered', 'read', 'failed', 'queued', 'skipped']
    when 'skipped'   then array['queued']
    else array[]::text[] end);
end $$;

create table deliveries (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text not null references events (id) on delete cascade,
  guest_id text not null,
  campaign_id text references campaigns (id),

  -- The message
  channel text not null constraint deliveries_channel check (channel in ('whatsapp', 'email')),
  channel_reason text, -- why this channel
  template text not null,
  locale text not null,
  variables jsonb not null default '{}',
  answers_message text, -- the guest's message that this one replies to
  may_fall_back boolean not null default false, -- an e-mail may follow when WhatsApp fails
  fallback_of text references deliveries (id) on delete cascade, -- the original on WhatsApp

  -- State
  status text not null
    constraint deliveries_status
    check (status in ('scheduled', 'queued', 'sending', 'unknown', 'sent', 'delivered', 'read',
                      'failed', 'skipped', 'dead')),
  -- An index can use this column in place of status, because it changes much less often.
  is_unknown boolean not null generated always as (status = 'unknown') stored,
  reason text, -- why it failed, or is skipped, unknown or dead; for people, never compared
  -- What a queued delivery waits for: a pause, the rate limit, quiet hours, a retry …
  waiting_for text
    constraint deliveries_waiting_for
    check (waiting_for in ('organizer_paused', 'event_paused', 'campaign_paused', 'channel_paused',
                           'rate_limit', 'recipient_rate', 'quiet_hours', 'marketing_withheld',
                           'retry')),
  -- A reply or a fallback: somebody waits for it, so it leaves before the others.
  is_urgent boolean not null
    generated always as (answers_message is not null or fallback_of is not null) stored,
  cancelled_at timestamptz, -- its campaign was cancelled: it must not be sent again

  -- When to send
  scheduled_at timestamptz,
  next_attempt_at timestamptz, -- when it is due; null: nothing to do, or paused
  enqueued_at timestamptz, -- last time a job was enqueued; the sweep enqueues lost ones again
  withheld_at timestamptz, -- when WhatsApp withheld it (131049); it is retried once, a day later

  -- Attempts
  attempts integer not null default 0,
  attempts_max integer not null,
  replays integer not null default 0, -- how often a person retried it as a dead letter
  -- The first call on this channel. Retries of an e-mail are safe for 24 hours after it, while the
  -- provider remembers the idempotency key.
  first_attempt_at timestamptz,
  lease_token uuid, -- identifies the worker that sends it; no other worker can settle it
  lease_until timestamptz,
  template_only boolean not null default false, -- WhatsApp refused free-form text (131047)
  possible_duplicate boolean not null default false, -- retried after an unknown outcome

  -- What was sent
  provider_message_id text,
  sent_to text, -- the guest's number at that time, which may change later; null for an e-mail
  session_message boolean, -- true: free-form text in the window; false: a template
  message_reason text, -- why free-form text, or why a template
  predicted_category text,
  predicted_free boolean, -- with the category, to compare with what WhatsApp bills
  pricing jsonb, -- the provider's pricing object, unchanged
  simulated boolean not null default false,

  -- The request
  requested_by text not null,
  request_id text not null,
  idempotency_key text, -- of the caller; a retried request finds its delivery
  requested_at timestamptz not null,

  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  ended_at timestamptz, -- when it failed, died or was skipped
  updated_at timestamptz not null,
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
)
-- A delivery is updated four or five times in its first minutes. These are heap-only updates, which
-- change no index, as long as the page has room and no index key or condition uses status.
with (fillfactor = 50);

-- The sweep releases urgent deliveries first, then the others, channel by channel.
create index deliveries_due on deliveries (channel, is_urgent, next_attempt_at)
  where next_attempt_at is not null;
create index deliveries_unknown on deliveries (next_attempt_at)
  where is_unknown;
-- Finds what waits for the end of a pause.
create index deliveries_paused on deliveries (waiting_for)
  where next_attempt_at is null and waiting_for is not null;
create index deliveries_event on deliveries (event_id, requested_at desc, id desc);
create index deliveries_guest on deliveries (event_id, guest_id);
create index deliveries_campaign on deliveries (campaign_id)
  where campaign_id is not null;
-- Counts what was sent lately, for WhatsApp's limits and prices. BRIN, because it costs updates
-- nothing.
create index deliveries_sent on deliveries using brin (sent_at);
create unique index deliveries_provider_message on deliveries (provider_message_id)
  where provider_message_id is not null;
-- One fallback per original.
create unique index deliveries_fallback on deliveries (fallback_of)
  where fallback_of is not null;
-- One reply of each kind per message.
create unique index deliveries_answer on deliveries (answers_message, template)
  where answers_message is not null;
create unique index deliveries_idempotency on deliveries (requested_by, idempotency_key)
  where idempotency_key is not null;

create function refuse_delivery_step_back() returns trigger
language plpgsql as $$
begin
  if new.status <> old.status and not delivery_may_become(old.status, new.status) then
    raise exception 'delivery % cannot go from % to %', old.id, old.status, new.status
      using errcode = 'check_violation', constraint = 'deliveries_forward_only';
  end if;
  return new;
end $$;

-- The condition is cheaper than a function call for every row. The trigger fires after the update,
-- because a before trigger makes PostgreSQL lock the row twice.
create trigger deliveries_forward_only
  after update of status on deliveries
  for each row
  when (new.status <> old.status and not delivery_may_become(old.status, new.status))
  execute function refuse_delivery_step_back();

-- Prevents duplicates: the latest delivery of a template to a guest. The primary key serializes
-- concurrent requests, so that one of them wins. The slot of a delivery that failed, died or was
-- skipped is free again.
create table delivery_slots (
  event_id text not null,
  guest_id text not null,
  template text not null,
  delivery_id text not null,
  requested_at timestamptz not null,
  due_at timestamptz not null, -- a request is a duplicate when it is close to either time
  primary key (event_id, guest_id, template),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

-- One row per call to a provider, committed before the call and completed after it.
create table delivery_attempts (
  delivery_id text not null references deliveries (id) on delete cascade,
  n integer not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text -- 'deferred': try later, without counting it as an attempt
    constraint delivery_attempts_outcome
    check (outcome in ('sent', 'retry', 'failed', 'unknown', 'skipped', 'deferred')),
  reason text,
  http_status integer,
  provider_message_id text,
  primary key (delivery_id, n)
);

create index delivery_attempts_message on delivery_attempts (provider_message_id)
  where provider_message_id is not null;
-- The sweep finds expired leases by open attempts, because deliveries has no index on its status.
create index delivery_attempts_open on delivery_attempts (delivery_id)
  where finished_at is null;

-- Every status that the provider reported, with its own time. A status that arrives before its
-- message id is known is parked: delivery_id is null until the two are joined.
create table delivery_events (
  id bigint generated always as identity primary key,
  delivery_id text references deliveries (id) on delete cascade,
  provider_message_id text not null,
  our_id text, -- our delivery id, if the provider sent it back; also joins a parked status
  status text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  reason text,
  pricing jsonb,
  simulated boolean not null default false,
  constraint delivery_events_once unique (provider_message_id, status)
);

create index delivery_events_of on delivery_events (delivery_id, occurred_at);
create index delivery_events_parked on delivery_events (provider_message_id)
  where delivery_id is null;
-- The sweep joins recent ones only; the cleanup deletes old ones, which belong to other systems.
create index delivery_events_parked_age on delivery_events (received_at)
  where delivery_id is null;
