-- The Director's money is read from its tables, so that a payment shows at once. The views keep what
-- changes with guests and messages.

-- When a payment counts: when it was paid, else when it was made. Every total and every list of days
-- goes by this column.
alter table payments
  add column counted_at timestamptz not null
    generated always as (coalesce(paid_at, created_at)) stored;

create index payments_counted on payments (currency, organizer_id, counted_at)
  include (status, amount_cents);
create index payments_days on payments (counted_at);
create index ledger_entries_counted on ledger_entries (organizer_id, currency, effective_at)
  include (kind, tickets, amount_cents, reverses_id);

-- Counts the changes of an organizer's money, so that a cached overview knows whether it is still
-- true. A change holds the row until its commit: every commit is seen as another number, in every
-- process. '' is money without an organizer.
create table money_versions (
  organizer_id text primary key,
  version bigint not null
);

create function note_money_change() returns trigger
language plpgsql as $$
begin
  insert into money_versions as v (organizer_id, version)
  select distinct coalesce(organizer_id, ''), 1 from changed order by 1 -- one order: no deadlock
      on conflict (organizer_id) do update set version = v.version + 1;
  return null;
end $$;

create trigger payments_inserted after insert on payments
  referencing new table as changed for each statement execute function note_money_change();
create trigger payments_updated after update on payments
  referencing new table as changed for each statement execute function note_money_change();
create trigger payments_deleted after delete on payments
  referencing old table as changed for each statement execute function note_money_change();
create trigger ledger_entries_inserted after insert on ledger_entries
  referencing new table as changed for each statement execute function note_money_change();

-- A process of the version before answers 503 for the overview until it is replaced.
drop materialized view kpi_payments;
drop materialized view kpi_ledger;
delete from kpi_refreshes where view_name in ('kpi_payments', 'kpi_ledger');

-- What the reference of a manual payment is compared by: in capitals, with plain dashes and single
-- spaces. References that were entered before and differ by case alone keep their spelling.
-- payments_reference_unique stays, for processes of the version before.
alter table payments add column reference_key text;
update payments p
   set reference_key = case when exists (
           select 1
             from payments other
            where other.organizer_id = p.organizer_id
              and other.id <> p.id
              and other.kind = 'manual'
              and upper(other.reference) = upper(p.reference))
         then p.reference else upper(p.reference) end
 where p.kind = 'manual'
   and p.reference is not null;
create unique index payments_reference_key_unique on payments (organizer_id, reference_key)
  where kind = 'manual' and reference_key is not null and status <> 'reversed';
