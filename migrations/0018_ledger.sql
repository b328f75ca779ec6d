-- The ledger in double entry: append-only transactions of entries that add up to zero, for money in
-- every currency and for tickets. docs/ledger.md tells each movement with an example.
--
-- A process of the version before cannot confirm or reverse a payment until it is replaced, nor show
-- the overview: its statement fails as a whole. A stored webhook is tried again for some 20 minutes,
-- and is a dead letter that can be retried after that.

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
  -- Only money that came before there were two entries has no payment.
  constraint ledger_transactions_of_payment
    check (kind <> 'payment' or payment_id is not null or request_id = 'migration'),
  -- What the entries refer to, so that they cannot belong to another organizer or another day, and
  -- there are no more of them than the transaction says.
  constraint ledger_transactions_owner unique (id, organizer_id, effective_at, lines)
);

create index ledger_transactions_listing
  on ledger_transactions (organizer_id, created_at desc, id desc);
create index ledger_transactions_newest on ledger_transactions (created_at desc, id desc);
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

-- What stood in the ledger before, entry by entry. Prepaid tickets counted as paid when they were
-- granted, so each such grant brings the money as a second transaction: no debt changes.
create temporary table moved on commit drop as
select l.id as number, m.*, l.organizer_id, l.event_id, l.currency, l.reason, l.created_by, l.effective_at, l.created_at,
       coalesce(l.payment_id, r.payment_id) as payment_id, l.amount_cents, l.tickets
  from ledger_entries_of_before l
  left join ledger_entries_of_before r on r.id = l.reverses_id
 cross join lateral (
         values ('ltx_before_' || l.id, coalesce(r.kind, l.kind), 'ltx_before_' || l.reverses_id),
                (case when coalesce(r.kind, l.kind) = 'prepaid' and l.amount_cents <> 0
                      then 'ltx_before_' || l.id || '_paid' end,
                 'payment',
                 'ltx_before_' || l.reverses_id || '_paid'))
       m (id, kind, reverses_id)
 where m.id is not null;

insert into ledger_transactions (id, organizer_id, event_id, kind, payment_id, reverses_id, lines, reason,
                                 created_by, request_id, effective_at, created_at)
select id, organizer_id, event_id, case when reverses_id is null then kind else 'reversal' end, payment_id, reverses_id,
       case when kind = 'payment' or amount_cents = 0 then 2 else 4 end,
       reason, created_by, 'migration', effective_at, created_at
  from moved
 order by number, id;

insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, method, currency,
                            amount_cents, tickets)
select t.id, row_number() over (partition by t.id order by e.line), t.lines, t.organizer_id, t.effective_at, e.account,
       e.method, e.currency, e.amount_cents, e.tickets
  from moved m
  join ledger_transactions t on t.id = m.id
  left join payments p on p.id = m.payment_id
 cross join lateral (
         values (1, 'cash', coalesce(p.method, p.provider, 'other'), m.currency,
                 case when m.kind = 'payment' then m.amount_cents else 0 end, 0),
                (2, 'receivable', null, m.currency,
                 case when m.kind = 'payment' then -m.amount_cents else m.amount_cents end, 0),
                (3, 'sales', null, m.currency, case when m.kind = 'payment' then 0 else -m.amount_cents end, 0),
                (4, 'tickets_' || m.kind, null, null, 0, case when m.kind = 'payment' then 0 else m.tickets end),
                (5, 'issued_' || m.kind, null, null, 0, case when m.kind = 'payment' then 0 else -m.tickets end))
       e (line, account, method, currency, amount_cents, tickets)
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
