-- What the Director reads. Each view is recomputed from base tables only and has a unique index, so that
-- it can be refreshed CONCURRENTLY (readers go on reading). Days are the Director's: Mexico City.
-- refresh_kpis() is the one way to refresh them: workers, the API and infra/refresh-kpis.sh all call it.

-- Events with their guests and places. Guests are counted by their answer: `confirmed` said yes,
-- `pending` said nothing or maybe; the three add up to `guests`. `scanned` entered with at least one
-- place, whatever they had answered, so show-up counts `confirmed_scanned` and cannot exceed 1.
create materialized view kpi_events as
select e.id as event_id, e.organizer_id, e.status, e.type,
       (e.starts_at at time zone 'America/Mexico_City')::date as day,
       count(g.id) as guests,
       count(g.id) filter (where i.answer = 'yes') as confirmed,
       count(g.id) filter (where i.answer = 'no') as declined,
       count(g.id) filter (where i.answer is null or i.answer in ('pending', 'maybe')) as pending,
       count(g.id) filter (where i.admitted > 0) as scanned,
       count(g.id) filter (where i.answer = 'yes' and i.admitted > 0) as confirmed_scanned,
       -- Places of guests whom a message reached the provider for: sent, delivered or read.
       coalesce(sum(i.places) filter (where m.guest_id is not null), 0)::bigint as places_delivered,
       coalesce(sum(i.admitted), 0)::bigint as places_used
  from events e
  left join guests g on g.event_id = e.id
  left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
  left join (select distinct event_id, guest_id from deliveries where status in ('sent', 'delivered', 'read')) m
    on m.event_id = g.event_id and m.guest_id = g.id
 group by e.id
with no data;
create unique index kpi_events_key on kpi_events (event_id);

-- Deliveries by where they stand now. `priced` have the provider's pricing object; of those, `free` were
-- not charged (type free_customer_service or free_entry_point, or billable false).
create materialized view kpi_deliveries as
select organizer_id, event_id, (requested_at at time zone 'America/Mexico_City')::date as day, channel, status, simulated,
       count(*) as deliveries,
       count(pricing) as priced,
       count(*) filter (where is_free) as free,
       count(*) filter (where is_free and pricing ->> 'category' = 'marketing') as free_marketing
  from (select d.*, coalesce(pricing ->> 'type' like 'free%', false) or coalesce(pricing ->> 'billable' = 'false', false) as is_free
          from deliveries d) d
 group by 1, 2, 3, 4, 5, 6
with no data;
create unique index kpi_deliveries_key on kpi_deliveries (organizer_id, event_id, day, channel, status, simulated);

-- Payments by status, on the day they were paid, else made. '' stands for a payment of no organizer.
create materialized view kpi_payments as
select coalesce(organizer_id, '') as organizer_id,
       (coalesce(paid_at, created_at) at time zone 'America/Mexico_City')::date as day, currency, provider, status,
       count(*) as payments, sum(amount_cents)::bigint as amount_cents
  from payments
 group by 1, 2, 3, 4, 5
with no data;
create unique index kpi_payments_key on kpi_payments (organizer_id, day, currency, provider, status);

-- The ledger by kind. A reversal counts, with its negative sums, under the kind that it takes back, on
-- the day of the reversal.
create materialized view kpi_ledger as
select l.organizer_id, coalesce(l.event_id, '') as event_id, (l.effective_at at time zone 'America/Mexico_City')::date as day,
       l.currency, coalesce(r.kind, l.kind) as kind,
       sum(l.tickets)::bigint as tickets, sum(l.amount_cents)::bigint as amount_cents
  from ledger_entries l
  left join ledger_entries r on r.id = l.reverses_id
 group by 1, 2, 3, 4, 5
with no data;
create unique index kpi_ledger_key on kpi_ledger (organizer_id, event_id, day, currency, kind);

-- When each view was last refreshed and how long that took: every number says its age. This table is
-- also the lock of a refresh (SHARE UPDATE EXCLUSIVE, taken first): unlike a SELECT of an advisory lock,
-- LOCK TABLE takes no snapshot, so in REPEATABLE READ whoever waited sees what was committed meanwhile.
-- Autovacuum takes the same lock and would look like another runner; four rows do not need it.
create table kpi_refreshes (
  view_name text primary key,
  refreshed_at timestamptz not null,
  took_ms integer not null
) with (autovacuum_enabled = false);

-- Refreshes every view of the Director in the caller's transaction; in REPEATABLE READ all views show
-- one snapshot. CONCURRENTLY, except for a view that was never populated (PostgreSQL refuses that).
create function refresh_kpis(at timestamptz default now()) returns table (view_name text, took_ms integer) language plpgsql as $$
declare
  mv record;
  began timestamptz;
begin
  for mv in select v.matviewname as name, v.ispopulated from pg_matviews v
             where v.schemaname = current_schema() and v.matviewname like 'kpi\_%' order by 1
  loop
    began := clock_timestamp();
    execute format('refresh materialized view %s %I', case when mv.ispopulated then 'concurrently' else '' end, mv.name);
    view_name := mv.name;
    took_ms := (1000 * extract(epoch from clock_timestamp() - began))::integer;
    insert into kpi_refreshes as k values (view_name, at, refresh_kpis.took_ms)
      on conflict on constraint kpi_refreshes_pkey do update set refreshed_at = excluded.refreshed_at, took_ms = excluded.took_ms;
    return next;
  end loop;
end $$;
