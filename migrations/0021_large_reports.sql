-- Sums that keep the overview quick when there are millions of entries. Money stays live: a sum changes in
-- the transaction of its rows, and check-ledger compares it with them every night.

create table ledger_sums (
  organizer_id text not null,
  account text not null,
  currency text, -- null for tickets
  amount_cents bigint not null,
  tickets bigint not null,
  constraint ledger_sums_key unique nulls not distinct (organizer_id, account, currency)
) with (fillfactor = 50);

create table payment_sums (
  organizer_id text not null, -- '' is money without an organizer
  currency text not null,
  status text not null,
  payments bigint not null,
  asked_cents bigint not null, -- or what came, when that is more
  kept bigint not null, -- payments of which money is there
  kept_cents bigint not null,
  gone bigint not null, -- payments of which money went
  gone_cents bigint not null,
  primary key (organizer_id, currency, status)
) with (fillfactor = 50);

-- The version comes first, because it is what changes of one organizer's money wait for: whoever has it
-- finds every sum free.
create function note_ledger_sums() returns trigger
language plpgsql as $$
begin
  insert into money_versions as v (organizer_id, version)
  select distinct organizer_id, 1 from changed order by 1
      on conflict (organizer_id) do update set version = v.version + 1;
  insert into ledger_sums as s (organizer_id, account, currency, amount_cents, tickets)
  select organizer_id, account, currency, sum(amount_cents), sum(tickets)
    from changed
   group by 1, 2, 3
   order by 1, 2, 3
      on conflict on constraint ledger_sums_key
      do update set amount_cents = s.amount_cents + excluded.amount_cents,
                    tickets = s.tickets + excluded.tickets;
  return null;
end $$;

create function note_payment_sums() returns trigger
language plpgsql as $$
begin
  insert into money_versions as v (organizer_id, version)
  select distinct coalesce(organizer_id, ''), 1 from changed order by 1
      on conflict (organizer_id) do update set version = v.version + 1;
  execute format($statement$
    insert into payment_sums as s
           (organizer_id, currency, status, payments, asked_cents, kept, kept_cents, gone, gone_cents)
    select coalesce(organizer_id, ''), currency, status, sum(sign), sum(sign * greatest(amount_cents, received_cents)),
           sum(sign * (kept_cents > 0)::integer), sum(sign * greatest(kept_cents, 0)),
           sum(sign * (gone_cents > 0)::integer), sum(sign * gone_cents)
      from (%s) p
     group by 1, 2, 3
     order by 1, 2, 3
        on conflict (organizer_id, currency, status)
        do update set payments = s.payments + excluded.payments,
                      asked_cents = s.asked_cents + excluded.asked_cents,
                      kept = s.kept + excluded.kept,
                      kept_cents = s.kept_cents + excluded.kept_cents,
                      gone = s.gone + excluded.gone,
                      gone_cents = s.gone_cents + excluded.gone_cents
    $statement$,
    case tg_op
      when 'INSERT' then 'select 1 as sign, * from changed'
      when 'DELETE' then 'select -1 as sign, * from changed'
      else 'select 1 as sign, * from changed union all select -1, * from before'
    end);
  return null;
end $$;

-- Sums everything anew: for data that came without triggers.
create function fill_money_sums() returns void
language plpgsql as $$
begin
  lock table ledger_entries, payments in share row exclusive mode;
  delete from ledger_sums;
  delete from payment_sums;
  insert into ledger_sums
  select organizer_id, account, currency, sum(amount_cents), sum(tickets) from ledger_entries group by 1, 2, 3;
  insert into payment_sums
  select coalesce(organizer_id, ''), currency, status, count(*), sum(greatest(amount_cents, received_cents)),
         count(*) filter (where kept_cents > 0), sum(greatest(kept_cents, 0)),
         count(*) filter (where gone_cents > 0), sum(gone_cents)
    from payments
   group by 1, 2, 3;
end $$;

drop trigger ledger_transactions_inserted on ledger_transactions;
create trigger ledger_entries_inserted after insert on ledger_entries
  referencing new table as changed for each statement execute function note_ledger_sums();

drop trigger payments_inserted on payments;
drop trigger payments_updated on payments;
drop trigger payments_deleted on payments;
create trigger payments_inserted after insert on payments
  referencing new table as changed for each statement execute function note_payment_sums();
create trigger payments_updated after update on payments
  referencing old table as before new table as changed for each statement execute function note_payment_sums();
create trigger payments_deleted after delete on payments
  referencing old table as changed for each statement execute function note_payment_sums();
drop function note_money_change();

select fill_money_sums();

-- The entries of some days, of all organizers. They are written in the order of their days, or nearly so.
create index ledger_entries_days on ledger_entries using brin (effective_at);
-- Bills, for the report on their age.
create index ledger_entries_bills on ledger_entries (organizer_id, effective_at, transaction_id)
  include (currency, amount_cents)
  where account = 'receivable' and amount_cents > 0;
-- The payments of some days, of all organizers.
drop index payments_days;
create index payments_days on payments (counted_at)
  include (organizer_id, currency, status, amount_cents, received_cents, kept_cents, gone_cents);

-- The same as kpi_deliveries for all organizers and events together. Its name puts its refresh after that.
create materialized view kpi_delivery_days as
select day, channel, status, simulated, sum(deliveries)::bigint as deliveries, sum(priced)::bigint as priced,
       sum(free)::bigint as free, sum(free_marketing)::bigint as free_marketing,
       sum(free_authentication)::bigint as free_authentication
  from kpi_deliveries
 group by day, channel, status, simulated
with no data;
create unique index kpi_delivery_days_key on kpi_delivery_days (day, channel, status, simulated);

-- An overview needs all views, so this one is filled at once where the others are.
do $$ begin
  if (select ispopulated from pg_matviews where matviewname = 'kpi_deliveries' and schemaname = current_schema()) then
    refresh materialized view kpi_delivery_days;
    insert into kpi_refreshes
    select 'kpi_delivery_days', refreshed_at, 0 from kpi_refreshes where view_name = 'kpi_deliveries';
  end if;
end $$;
