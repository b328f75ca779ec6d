-- What the Director reads. Each view has a unique index, so that it can be refreshed CONCURRENTLY, and
-- is recomputed from base tables only. Days are the Director's: Mexico City. refresh_kpis() is the one way to refresh them: the worker and
-- infra/refresh-kpis.sh both call it.

create materialized view kpi_events as
select e.id as event_id, e.organizer_id, e.status, e.type, e.starts_at,
       count(g.id) as guests,
       count(*) filter (where i.admitted > 0) as scanned,
       count(*) filter (where i.answer = 'yes') as confirmed,
       count(*) filter (where i.answer = 'no') as declined,
       count(*) filter (where g.id is not null and i.answer in ('pending', 'maybe')) as pending,
       count(*) filter (where i.answer = 'yes' and i.admitted > 0) as confirmed_scanned,
       coalesce(sum(i.places) filter (where exists (
         select 1 from deliveries d where d.event_id = g.event_id and d.guest_id = g.id
            and d.status in ('sent', 'delivered', 'read'))), 0)::bigint as places_delivered,
       coalesce(sum(i.admitted), 0)::bigint as places_used
  from events e
  left join guests g on g.event_id = e.id
  left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
 group by e.id
with no data;
create unique index kpi_events_key on kpi_events (event_id);

create materialized view kpi_deliveries as
select organizer_id, event_id, (requested_at at time zone 'America/Mexico_City')::date as day, channel, status, simulated,
       count(*) as deliveries,
       count(*) filter (where pricing is not null) as priced,
       count(*) filter (where pricing ->> 'type' like 'free%' or pricing ->> 'billable' = 'false') as free,
       count(*) filter (where pricing ->> 'category' = 'marketing') as marketing,
       count(*) filter (where pricing ->> 'category' = 'utility') as utility
  from deliveries
 group by 1, 2, 3, 4, 5, 6
with no data;
create unique index kpi_deliveries_key on kpi_deliveries (organizer_id, event_id, day, channel, status, simulated);

create materialized view kpi_payments as
select coalesce(organizer_id, '') as organizer_id,
       (coalesce(paid_at, created_at) at time zone 'America/Mexico_City')::date as day, currency, provider, status,
       count(*) as payments, sum(amount_cents)::bigint as amount_cents
  from payments
 group by 1, 2, 3, 4, 5
with no data;
create unique index kpi_payments_key on kpi_payments (organizer_id, day, currency, provider, status);

create materialized view kpi_ledger as
select l.organizer_id, coalesce(l.event_id, '') as event_id, (l.effective_at at time zone 'America/Mexico_City')::date as day,
       l.currency, coalesce(r.kind, l.kind) as kind,
       sum(l.tickets)::bigint as tickets, sum(l.amount_cents)::bigint as amount_cents
  from ledger_entries l
  left join ledger_entries r on r.id = l.reverses_id
 group by 1, 2, 3, 4, 5
with no data;
create unique index kpi_ledger_key on kpi_ledger (organizer_id, event_id, day, currency, kind);

-- When each view was last refreshed and how long that took: every number says its age.
create table kpi_refreshes (
  view_name text primary key,
  refreshed_at timestamptz not null,
  took_ms integer not null
);

-- Refreshes every view of the Director in the caller's transaction; in REPEATABLE READ all views show
-- one snapshot. CONCURRENTLY, except for a view that was never populated (PostgreSQL refuses that).
create function refresh_kpis() returns table (view_name text, took_ms integer) language plpgsql as $$
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
    took_ms := extract(milliseconds from clock_timestamp() - began)::integer
             + 60000 * extract(minutes from clock_timestamp() - began)::integer;
    insert into kpi_refreshes as k values (view_name, now(), refresh_kpis.took_ms)
      on conflict on constraint kpi_refreshes_pkey do update set refreshed_at = now(), took_ms = excluded.took_ms;
    return next;
  end loop;
end $$;
