-- Sums of each month, so that the money of some days is that of whole months and a few entries at their ends. Like
-- ledger_sums they change in the transaction of their entries, and check-ledger compares them every night.

create table ledger_months (
  organizer_id text not null,
  month date not null, -- its first day, of Mexico City as all days of the Director
  account text not null,
  currency text, -- null for tickets
  amount_cents bigint not null,
  tickets bigint not null,
  constraint ledger_months_key unique nulls not distinct (organizer_id, month, account, currency)
) with (fillfactor = 70);

create or replace function note_ledger_sums() returns trigger
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
  insert into ledger_months as m (organizer_id, month, account, currency, amount_cents, tickets)
  select organizer_id, date_trunc('month', effective_at at time zone 'America/Mexico_City')::date, account, currency,
         sum(amount_cents), sum(tickets)
    from changed
   group by 1, 2, 3, 4
   order by 1, 2, 3, 4
      on conflict on constraint ledger_months_key
      do update set amount_cents = m.amount_cents + excluded.amount_cents,
                    tickets = m.tickets + excluded.tickets;
  return null;
end $$;

create or replace function fill_money_sums() returns void
language plpgsql as $$
begin
  lock table ledger_entries, payments in share row exclusive mode;
  delete from ledger_sums;
  delete from ledger_months;
  delete from payment_sums;
  insert into ledger_sums
  select organizer_id, account, currency, sum(amount_cents), sum(tickets) from ledger_entries group by 1, 2, 3;
  insert into ledger_months
  select organizer_id, date_trunc('month', effective_at at time zone 'America/Mexico_City')::date, account, currency,
         sum(amount_cents), sum(tickets)
    from ledger_entries
   group by 1, 2, 3, 4;
  insert into payment_sums
  select coalesce(organizer_id, ''), currency, status, count(*), sum(greatest(amount_cents, received_cents)),
         count(*) filter (where kept_cents > 0), sum(greatest(kept_cents, 0)),
         count(*) filter (where gone_cents > 0), sum(gone_cents)
    from payments
   group by 1, 2, 3;
end $$;

select fill_money_sums();

-- The entries of some days, of all organizers, without a look at the table.
drop index ledger_entries_days;
create index ledger_entries_days on ledger_entries (effective_at)
  include (organizer_id, account, currency, amount_cents, tickets);
