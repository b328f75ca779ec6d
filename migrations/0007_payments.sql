-- Payments, and the ledger behind the Director's numbers. docs/states.md describes the statuses.

-- How far a payment has come. A status only moves to a higher rank, so webhooks that arrive twice,
-- late or out of order end in the same status. 'confirmed' is above 'failed' and 'expired', because
-- a second try can succeed and cash can be paid late.
create function payment_rank(status text) returns integer
language sql immutable parallel safe as $$
  select case status
    when 'creating' then 0
    when 'unknown' then 1
    when 'requires_payment' then 2
    when 'requires_action' then 2
    when 'processing' then 3
    when 'failed' then 4
    when 'expired' then 5
    when 'confirmed' then 6
    when 'refunded' then 7
    when 'reversed' then 7
  end
$$;

-- Only a confirmed payment can be refunded or reversed.
create function payment_may_become(current text, next text) returns boolean
language sql immutable parallel safe as $$
  select payment_rank(next) > payment_rank(current)
     and (next not in ('refunded', 'reversed') or current = 'confirmed')
$$;

create table payments (
  id text primary key,
  kind text not null constraint payments_kind check (kind in ('intent', 'manual')),
  organizer_id text references organizers (id),
  event_id text references events (id),

  provider text not null
    constraint payments_provider check (provider in ('stripe', 'conekta', 'mock', 'manual')),
  mode text not null
    constraint payments_mode check (mode in ('mock', 'test', 'live', 'manual')),
  provider_ref text, -- the provider's id of the intent or order; null until it answers
  client_secret text, -- needed by the payer's page; never logged
  next_action jsonb,

  status text not null
    constraint payments_status
    check (status in ('creating', 'unknown', 'requires_payment', 'requires_action', 'processing',
                      'confirmed', 'failed', 'expired', 'refunded', 'reversed')),
  reason text, -- why it failed, expired, is unknown or was reversed
  amount_cents bigint not null constraint payments_amount check (amount_cents > 0),
  currency text not null constraint payments_currency check (currency ~ '^[A-Z]{3}$'),
  paid_at timestamptz,

  method text,
  reference text,
  note text,
  description text,
  metadata jsonb not null default '{}',

  created_by text not null,
  idempotency_key text,
  request_id text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint payments_manual_has_organizer check (kind <> 'manual' or organizer_id is not null),
  constraint payments_paid_when
    check ((status in ('confirmed', 'refunded', 'reversed')) = (paid_at is not null))
);

create index payments_listing on payments (created_at desc, id desc);
create index payments_organizer on payments (organizer_id, created_at desc, id desc);
create unique index payments_provider_ref_unique on payments (provider, provider_ref)
  where provider_ref is not null;
create unique index payments_reference_unique on payments (organizer_id, reference)
  where kind = 'manual' and reference is not null and status <> 'reversed';
create unique index payments_idempotency_unique on payments (created_by, idempotency_key)
  where idempotency_key is not null;

create function refuse_payment_step_back() returns trigger
language plpgsql as $$
begin
  if new.status <> old.status and not payment_may_become(old.status, new.status) then
    raise exception 'payment % cannot go from % to %', old.id, old.status, new.status
      using errcode = 'check_violation', constraint = 'payments_forward_only';
  end if;
  return new;
end $$;

create trigger payments_forward_only
  before update of status on payments
  for each row
  execute function refuse_payment_step_back();

-- Append-only. The debt of an organizer is loans minus payments; prepaid tickets are paid for when
-- they are granted. A correction is a new row that refers to the row it reverses.
create table ledger_entries (
  id bigint generated always as identity primary key,
  organizer_id text not null references organizers (id),
  event_id text references events (id),
  kind text not null
    constraint ledger_entries_kind check (kind in ('prepaid', 'loan', 'payment', 'reversal')),
  tickets integer not null default 0,
  amount_cents bigint not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  payment_id text references payments (id),
  reverses_id bigint references ledger_entries (id),
  reason text,
  created_by text not null,
  effective_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint ledger_entries_shape check (case kind
    when 'prepaid' then tickets > 0 and amount_cents >= 0
    when 'loan' then tickets > 0 and amount_cents >= 0
    when 'payment' then tickets = 0 and amount_cents > 0 and payment_id is not null
    -- A reversal has the negative numbers of the row it reverses.
    else reverses_id is not null and tickets <= 0 and amount_cents <= 0
  end),
  constraint ledger_entries_reversed_once unique (reverses_id)
);

create index ledger_entries_organizer on ledger_entries (organizer_id, id);
create unique index ledger_entries_one_per_payment on ledger_entries (payment_id)
  where kind = 'payment';

create function refuse_ledger_change() returns trigger
language plpgsql as $$
begin
  raise exception 'ledger_entries is append-only: write a reversal instead'
    using errcode = 'check_violation', constraint = 'ledger_entries_append_only';
end $$;

create trigger ledger_entries_append_only
  before update or delete on ledger_entries
  for each row
  execute function refuse_ledger_change();
