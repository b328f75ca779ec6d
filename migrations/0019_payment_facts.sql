-- What the providers say about money: one row for each charge, refund and dispute. A payment's sums and
-- its status follow from these rows, so webhooks may come twice, late or in any order.
--
-- A process of the version before cannot confirm a payment until it is replaced: its webhook is tried
-- again, and is a dead letter that can be retried after some 20 minutes.

-- Whether a payment has money. Below 10 no money has come, and a status only moves to a higher rank.
create or replace function payment_rank(status text) returns integer
language sql immutable parallel safe as $$
  select case status
    when 'creating' then 0
    when 'unknown' then 1
    when 'requires_payment' then 2
    when 'requires_action' then 2
    when 'processing' then 3
    when 'failed' then 4
    when 'cancelled' then 5
    when 'expired' then 6
    when 'late' then 10
    when 'underpaid' then 10
    when 'confirmed' then 10
    when 'partially_refunded' then 10
    when 'refunded' then 10
    when 'disputed' then 10
    when 'charged_back' then 10
    when 'reversed' then 11
  end
$$;

-- The table of transitions. Once money has come, the sums decide; only a manual payment is reversed.
create or replace function payment_may_become(current text, next text) returns boolean
language sql immutable parallel safe as $$
  select case
    when next = 'reversed' then current = 'confirmed'
    when current = 'reversed' or next = current then false
    when payment_rank(next) = 10 then true
    else payment_rank(next) > payment_rank(current)
  end
$$;

-- The status of a payment that has received money.
create function payment_money_status(amount bigint, received bigint, refunded bigint, disputed bigint,
                                     lost bigint, held boolean) returns text
language sql immutable parallel safe as $$
  select case
    when disputed > 0 then 'disputed'
    when lost >= received then 'charged_back'
    when refunded + lost >= received then 'refunded'
    when held then 'late'
    when refunded + lost > 0 then 'partially_refunded'
    when received < amount then 'underpaid'
    else 'confirmed'
  end
$$;

alter table payments
  drop constraint payments_status,
  drop constraint payments_paid_when,
  add column received_cents bigint not null default 0 constraint payments_received check (received_cents >= 0),
  add column refunded_cents bigint not null default 0 constraint payments_refunded check (refunded_cents >= 0),
  add column disputed_cents bigint not null default 0 constraint payments_disputed check (disputed_cents >= 0),
  add column lost_cents bigint not null default 0 constraint payments_lost check (lost_cents >= 0),
  -- Late money that waits for a Director: it is in no ledger until then.
  add column is_held boolean not null default false,
  -- Money that is there, and that went: what the Director's numbers add up.
  add column kept_cents bigint not null generated always as (
    case when status = 'reversed' or is_held then 0
         else greatest(received_cents - refunded_cents - disputed_cents - lost_cents, 0) end) stored,
  add column gone_cents bigint not null generated always as (
    case when status = 'reversed' then received_cents
         else least(refunded_cents + disputed_cents + lost_cents, received_cents) end) stored,
  add column expires_at timestamptz, -- until when the voucher or the CLABE can be paid
  add column ended_at timestamptz, -- since when the provider takes no more money for it
  add column is_late boolean not null generated always as (coalesce(paid_at > ended_at, false)) stored,
  add column purpose_key text, -- what it pays for; one open payment for each
  -- When the reconciler reads it at the provider again, and how often it has.
  add column next_check_at timestamptz,
  add column checks smallint not null default 0,
  add column changed_by text, -- who caused the status: a user, a provider or the clock
  add column changed_request_id text;

update payments
   set received_cents = amount_cents,
       refunded_cents = case when status = 'refunded' then amount_cents else 0 end
 where status in ('confirmed', 'refunded', 'reversed');

-- What is open is read at its provider soon, for the first time.
update payments
   set next_check_at = now(),
       expires_at = (next_action ->> 'expiresAt')::timestamptz
 where kind = 'intent'
   and mode <> 'mock'
   and payment_rank(status) < 4;

alter table payments
  add constraint payments_status
    check (payment_rank(status) is not null),
  add constraint payments_paid_when
    check ((received_cents > 0) = (paid_at is not null)),
  add constraint payments_status_follows_sums
    check (case
      when received_cents = 0 then payment_rank(status) < 10
      when kind = 'manual' then status in ('confirmed', 'reversed')
      else status = payment_money_status(amount_cents, received_cents, refunded_cents, disputed_cents,
                                         lost_cents, is_held)
    end);

drop index payments_counted;
create index payments_counted on payments (currency, organizer_id, counted_at)
  include (status, amount_cents, received_cents, kept_cents, gone_cents);
create index payments_due_checks on payments (next_check_at) where next_check_at is not null;
create function payment_is_open(status text) returns boolean
language sql immutable parallel safe as $$
  select status in ('creating', 'unknown', 'requires_payment', 'requires_action', 'processing')
$$;
create unique index payments_open_purpose on payments (organizer_id, purpose_key)
  where purpose_key is not null and payment_is_open(status);

-- A charge is paid. A refund may fail after it succeeded. A dispute takes its money once ('withdrawn')
-- and may be won after it was lost.
create function payment_fact_rank(kind text, state text) returns integer
language sql immutable parallel safe as $$
  select case kind || ' ' || state
    when 'charge paid' then 1
    when 'refund pending' then 1
    when 'refund succeeded' then 2
    when 'refund failed' then 3
    when 'dispute open' then 1
    when 'dispute withdrawn' then 2
    when 'dispute lost' then 3
    when 'dispute won' then 4
  end
$$;

create table payment_facts (
  provider text not null,
  kind text not null,
  object_id text not null, -- the provider's id
  provider_ref text not null, -- the intent or order that it belongs to
  payment_id text not null references payments (id),
  state text not null,
  amount_cents bigint not null constraint payment_facts_amount check (amount_cents >= 0),
  fee_cents bigint not null default 0 constraint payment_facts_fee check (fee_cents >= 0),
  currency text not null,
  occurred_at timestamptz not null, -- when it came into this state, as the provider says
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (provider, kind, object_id),
  constraint payment_facts_state check (payment_fact_rank(kind, state) is not null)
);

create index payment_facts_payment on payment_facts (payment_id);
create index payment_facts_ref on payment_facts (provider, provider_ref);
create index payment_facts_object on payment_facts (provider, object_id);

create function refuse_fact_step_back() returns trigger
language plpgsql as $$
begin
  if payment_fact_rank(new.kind, new.state) < payment_fact_rank(old.kind, old.state)
     or new.payment_id <> old.payment_id
     or new.amount_cents < old.amount_cents then
    raise exception '% % cannot go from % to %', old.kind, old.object_id, old.state, new.state
      using errcode = 'check_violation', constraint = 'payment_facts_forward_only';
  end if;
  return new;
end $$;

create trigger payment_facts_forward_only
  before update on payment_facts
  for each row execute function refuse_fact_step_back();

-- The charges of payments that are confirmed already. An order of Conekta stands for its charges here,
-- whose ids nobody kept.
insert into payment_facts (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency,
                           occurred_at, created_at, updated_at)
select provider, 'charge', coalesce(provider_ref, id), coalesce(provider_ref, id), id, 'paid', received_cents, currency,
       paid_at, updated_at, updated_at
  from payments
 where kind = 'intent'
   and received_cents > 0;
insert into payment_facts (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency,
                           occurred_at, created_at, updated_at)
select provider, 'refund', coalesce(provider_ref, id) || ':before', coalesce(provider_ref, id), id, 'succeeded',
       refunded_cents, currency, updated_at, updated_at, updated_at
  from payments
 where kind = 'intent'
   and refunded_cents > 0;

-- Every change of a status, written by the database so that no statement can forget it.
create table payment_transitions (
  id bigint generated always as identity primary key,
  payment_id text not null references payments (id),
  from_status text, -- null: it was created
  to_status text not null,
  reason text,
  changed_by text not null,
  request_id text not null,
  at timestamptz not null
);

create index payment_transitions_payment on payment_transitions (payment_id, id);

create function note_payment_created() returns trigger
language plpgsql as $$
begin
  insert into payment_transitions (payment_id, from_status, to_status, reason, changed_by, request_id, at)
  select id, null, status, reason, created_by, request_id, created_at from changed;
  return null;
end $$;

create function note_payment_change() returns trigger
language plpgsql as $$
begin
  insert into payment_transitions (payment_id, from_status, to_status, reason, changed_by, request_id, at)
  select c.id, b.status, c.status, c.reason, coalesce(c.changed_by, c.created_by),
         coalesce(c.changed_request_id, c.request_id), c.updated_at
    from changed c
    join before b on b.id = c.id
   where b.status <> c.status;
  return null;
end $$;

create trigger payment_transitions_created after insert on payments
  referencing new table as changed for each statement execute function note_payment_created();
create trigger payment_transitions_changed after update on payments
  referencing old table as before new table as changed
  for each statement execute function note_payment_change();

-- What a Director asked a provider to give back. The provider's own refund is a row of payment_facts.
create table payment_refunds (
  id text primary key,
  payment_id text not null references payments (id),
  provider_ref text not null, -- the intent or order whose money goes back
  amount_cents bigint not null constraint payment_refunds_amount check (amount_cents > 0),
  currency text not null,
  reason text not null,
  status text not null default 'creating'
    constraint payment_refunds_status check (status in ('creating', 'unknown', 'requested', 'rejected')),
  failure text, -- why the provider rejected it, or that it did not answer
  object_id text, -- the provider's id of the refund
  created_by text not null,
  idempotency_key text,
  request_id text not null,
  next_check_at timestamptz,
  checks smallint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint payment_refunds_object check (object_id is null or status = 'requested')
);

create index payment_refunds_payment on payment_refunds (payment_id, created_at);
create unique index payment_refunds_object_once on payment_refunds (payment_id, object_id)
  where object_id is not null;
create index payment_refunds_due_checks on payment_refunds (next_check_at) where next_check_at is not null;
create unique index payment_refunds_idempotency on payment_refunds (created_by, idempotency_key)
  where idempotency_key is not null;

-- Money that cannot be given to a payment without a person.
create table payment_reviews (
  id text primary key,
  provider text not null,
  kind text not null,
  object_id text not null,
  provider_ref text not null,
  payment_id text references payments (id), -- the payment that it seems to belong to
  reason text not null
    constraint payment_reviews_reason
    check (reason in ('unknown_payment', 'other_reference', 'other_amount', 'other_currency', 'late')),
  state text not null,
  amount_cents bigint not null,
  fee_cents bigint not null default 0,
  currency text not null,
  mode text not null,
  occurred_at timestamptz not null,
  request_id text not null, -- the webhook that told it
  status text not null default 'open'
    constraint payment_reviews_status check (status in ('open', 'applied', 'dismissed')),
  decided_by text,
  decided_at timestamptz,
  decision text, -- what the person wrote
  created_at timestamptz not null,
  constraint payment_reviews_once unique (provider, kind, object_id),
  constraint payment_reviews_decided check ((status = 'open') = (decided_at is null))
);

create index payment_reviews_listing on payment_reviews (created_at desc, id desc);
create index payment_reviews_ref on payment_reviews (provider, provider_ref) where status = 'open';

-- What the reconciler found: our row and the provider's answer, side by side.
create table payment_differences (
  id bigint generated always as identity primary key,
  payment_id text not null references payments (id),
  kind text not null
    constraint payment_differences_kind
    check (kind in ('status', 'received', 'refunded', 'disputed', 'missing', 'unreadable', 'never_created')),
  ours text not null,
  theirs text not null,
  is_fixed boolean not null,
  found_at timestamptz not null,
  fixed_at timestamptz
);

create index payment_differences_listing on payment_differences (found_at desc, id desc);
create unique index payment_differences_open on payment_differences (payment_id, kind) where not is_fixed;

-- The ledger learns refunds and disputes. A movement of a payment names the provider's object that it
-- comes from, which is booked once.
alter table ledger_transactions
  drop constraint ledger_transactions_kind,
  add constraint ledger_transactions_kind
    check (kind in ('loan', 'prepaid', 'payment', 'use', 'write_off', 'reversal', 'refund', 'dispute',
                    'dispute_won', 'dispute_lost', 'fee')),
  add column object_id text;

alter table ledger_transactions disable trigger ledger_transactions_append_only;
update ledger_transactions t
   set object_id = coalesce(p.provider_ref, p.id)
  from payments p
 where p.id = t.payment_id
   and p.kind = 'intent'
   and t.kind = 'payment';
alter table ledger_transactions enable trigger ledger_transactions_append_only;

drop index ledger_transactions_one_per_payment;
create unique index ledger_transactions_one_per_object
  on ledger_transactions (payment_id, kind, coalesce(object_id, ''))
  where kind in ('payment', 'refund', 'dispute', 'dispute_won', 'dispute_lost', 'fee');

alter table ledger_entries
  drop constraint ledger_entries_unit,
  add constraint ledger_entries_unit check (case
    when account in ('receivable', 'cash', 'sales', 'write_off', 'disputed', 'fees')
      then currency ~ '^[A-Z]{3}$' and amount_cents <> 0 and tickets = 0
    when account in ('tickets_prepaid', 'tickets_loan', 'issued_prepaid', 'issued_loan',
                     'used_prepaid', 'used_loan')
      then currency is null and amount_cents = 0 and tickets <> 0
    else false
  end);
