-- The ledger in double entry: append-only transactions of entries that add up to zero, for money in
-- every currency and for tickets. docs/ledger.md tells each movement with an example.
--
-- A process of the version before cannot confirm or reverse a payment until it is replaced: its
-- statement fails as a whole, and the provider sends its webhook again.

alter table ledger_entries rename to ledger_entries_of_before;
alter index ledger_entries_pkey rename to ledger_entries_of_before_pkey;
alter index ledger_entries_counted rename to ledger_entries_of_before_counted;
alter index ledger_entries_organizer rename to ledger_entries_of_before_organizer;
drop trigger ledger_entries_append_only on ledger_entries_of_before;

create table ledger_transactions (
  id text primary key,
  organizer_id text not null references organizers (id),
  event_id text references events (id),
  kind text not null
    constraint ledger_transactions_kind
    check (kind in ('loan', 'prepaid', 'payment', 'use', 'write_off', 'reversal')),
  payment_id text references payments (id),
  reverses_id text references ledger_transactions (id)
    constraint ledger_transactions_reversed_once unique,
  lines smallint not null constraint ledger_transactions_lines check (lines >= 2),
  reason text, -- for people
  created_by text not null,
  idempotency_key text,
  request_id text not null,
  effective_at timestamptz not null,
  created_at timestamptz not null,
  constraint ledger_transactions_reversal check ((kind = 'reversal') = (reverses_id is not null)),
  constraint ledger_transactions_of_payment check (kind <> 'payment' or payment_id is not null),
  -- What the entries refer to, so that they cannot belong to another organizer or another day, and
  -- there are no more of them than the transaction says.
  constraint ledger_transactions_owner unique (id, organizer_id, effective_at, lines)
);

create index ledger_transactions_listing
  on ledger_transactions (organizer_id, created_at desc, id desc);
create unique index ledger_transactions_one_per_payment on ledger_transactions (payment_id)
  where kind = 'payment';
create index ledger_transactions_payment on ledger_transactions (payment_id) where payment_id is not null;
create unique index ledger_transactions_idempotency on ledger_transactions (created_by, idempotency_key)
  where idempotency_key is not null;

-- An asset grows with a positive number; a debt of ours and income with a negative one.
create table ledger_entries (
  transaction_id text not null,
  line smallint not null,
  lines smallint not null,
  organizer_id text not null,
  effective_at timestamptz not null,
  account text not null,
  method text, -- how cash came
  currency text,
  amount_cents bigint not null default 0,
  tickets bigint not null default 0,
  primary key (transaction_id, line),
  constraint ledger_entries_owner
    foreign key (transaction_id, organizer_id, effective_at, lines)
    references ledger_transactions (id, organizer_id, effective_at, lines),
  constraint ledger_entries_line check (line between 1 and lines),
  constraint ledger_entries_unit check (case
    when account in ('receivable', 'cash', 'sales', 'write_off')
      then currency ~ '^[A-Z]{3}$' and amount_cents <> 0 and tickets = 0
    when account in ('tickets_prepaid', 'tickets_loan', 'issued_prepaid', 'issued_loan',
                     'used_prepaid', 'used_loan')
      then currency is null and amount_cents = 0 and tickets <> 0
    else false
  end),
  constraint ledger_entries_method check ((account = 'cash') = (method is not null))
);

create index ledger_entries_sums on ledger_entries (organizer_id, account, currency, effective_at)
  include (amount_cents, tickets);

-- Checked at the commit, after the last entry: the transaction has all its lines, so that nobody can
-- add to it later; it balances; and a reversal negates what it reverses. A reversal is not reversed:
-- who wants the movement back enters it again.
create function check_ledger_transaction() returns trigger
language plpgsql as $$
begin
  if (select count(*) from ledger_entries where transaction_id = new.id) <> new.lines then
    raise exception 'ledger transaction % does not have % lines', new.id, new.lines
      using errcode = 'check_violation', constraint = 'ledger_transactions_complete';
  end if;
  if exists (select from ledger_entries
              where transaction_id = new.id
              group by currency
             having sum(amount_cents) <> 0 or sum(tickets) <> 0) then
    raise exception 'ledger transaction % does not balance', new.id
      using errcode = 'check_violation', constraint = 'ledger_transactions_balanced';
  end if;
  if new.reverses_id is not null and (
       exists (select from ledger_entries
                where transaction_id in (new.id, new.reverses_id)
                group by account, method, currency
               having sum(amount_cents) <> 0 or sum(tickets) <> 0)
       or exists (select from ledger_transactions r
                   where r.id = new.reverses_id
                     and (r.kind = 'reversal' or r.organizer_id <> new.organizer_id))) then
    raise exception 'ledger transaction % does not negate %', new.id, new.reverses_id
      using errcode = 'check_violation', constraint = 'ledger_transactions_negated';
  end if;
  return null;
end $$;

create constraint trigger ledger_transactions_checked
  after insert on ledger_transactions
  deferrable initially deferred
  for each row execute function check_ledger_transaction();

create function refuse_changed_ledger() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only: write a reversal instead', tg_table_name
    using errcode = 'check_violation', constraint = 'ledger_append_only';
end $$;

create trigger ledger_transactions_append_only
  before update or delete on ledger_transactions
  for each row execute function refuse_changed_ledger();
create trigger ledger_transactions_kept
  before truncate on ledger_transactions
  for each statement execute function refuse_changed_ledger();
create trigger ledger_entries_append_only
  before update or delete on ledger_entries
  for each row execute function refuse_changed_ledger();
create trigger ledger_entries_kept
  before truncate on ledger_entries
  for each statement execute function refuse_changed_ledger();

create trigger ledger_transactions_inserted after insert on ledger_transactions
  referencing new table as changed for each statement execute function note_money_change();

-- What stood in the ledger before, transaction by transaction. Prepaid tickets counted as paid when
-- they were granted, so each such grant brings a payment of its own: no debt changes.
insert into ledger_transactions (id, organizer_id, event_id, kind, payment_id, reverses_id, lines, reason,
                                 created_by, request_id, effective_at, created_at)
select 'ltx_before_' || l.id, l.organizer_id, l.event_id,
       l.kind, l.payment_id, 'ltx_before_' || l.reverses_id,
       case when coalesce(r.kind, l.kind) = 'payment' then 2
            when l.amount_cents = 0 then 2
            when coalesce(r.kind, l.kind) = 'prepaid' then 6
            else 4 end,
       l.reason, l.created_by, 'migration', l.effective_at, l.created_at
  from ledger_entries_of_before l
  left join ledger_entries_of_before r on r.id = l.reverses_id
 order by l.id;

insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, method, currency,
                            amount_cents, tickets)
select t.id, row_number() over (partition by t.id), t.lines, t.organizer_id, t.effective_at, e.account, e.method,
       e.currency, e.amount_cents, e.tickets
  from ledger_entries_of_before l
  join ledger_transactions t on t.id = 'ltx_before_' || l.id
  left join ledger_entries_of_before r on r.id = l.reverses_id
  left join payments p on p.id = l.payment_id
 cross join lateral (select coalesce(r.kind, l.kind) as kind, l.amount_cents as cents) k
 cross join lateral (
         values ('receivable', null, l.currency, case when k.kind = 'payment' then -k.cents else k.cents end, 0),
                ('cash', coalesce(p.method, p.provider), l.currency, case when k.kind = 'payment' then k.cents else 0 end, 0),
                ('sales', null, l.currency, case when k.kind = 'payment' then 0 else -k.cents end, 0),
                ('cash', 'other', l.currency, case when k.kind = 'prepaid' then k.cents else 0 end, 0),
                ('receivable', null, l.currency, case when k.kind = 'prepaid' then -k.cents else 0 end, 0),
                ('tickets_' || k.kind, null, null, 0, l.tickets),
                ('issued_' || k.kind, null, null, 0, -l.tickets))
       e (account, method, currency, amount_cents, tickets)
 where e.amount_cents <> 0 or e.tickets <> 0;

set constraints all immediate;
set constraints all deferred;
drop table ledger_entries_of_before;
drop function refuse_ledger_change();

-- The places of a guest that have used tickets, and how many. The ledger has the same number of
-- tickets by event and kind. A row outlives its guest.
create table ticket_uses (
  event_id text not null references events (id),
  guest_id text not null,
  places integer not null constraint ticket_uses_places check (places > 0),
  tickets bigint not null constraint ticket_uses_tickets check (tickets > 0),
  updated_at timestamptz not null,
  primary key (event_id, guest_id)
);

-- What happened lately, for booking uses. Rows are appended in this order, so BRIN costs nothing.
create index scans_received on scans using brin (received_at);
create index delivery_attempts_started on delivery_attempts using brin (started_at);
