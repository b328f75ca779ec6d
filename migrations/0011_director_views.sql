-- The Director's numbers. Each view is computed from base tables only and has a unique index, so
-- that it can be refreshed concurrently, without blocking readers. Days are days in Mexico City.

-- Events with their guests and places. `confirmed`, `declined` and `pending` go by the answer and
-- add up to `guests`. `scanned` guests entered whatever their answer, so the show-up rate uses
-- `confirmed_scanned` and cannot exceed 1.
create materialized view kpi_events as
select e.id as event_id,
       e.organizer_id,
       e.status,
       e.type,
       (e.starts_at at time zone 'America/Mexico_City')::date as day,
       count(g.id) as guests,
       count(g.id) filter (where i.answer = 'yes') as confirmed,
       count(g.id) filter (where i.answer = 'no') as declined,
       count(g.id) filter (where i.answer is null or i.answer in ('pending', 'maybe')) as pending,
       count(g.id) filter (where i.admitted > 0) as scanned,
       count(g.id) filter (where i.answer = 'yes' and i.admitted > 0) as confirmed_scanned,
       -- Places of guests with at least one message that was sent, delivered or read.
       coalesce(sum(i.places) filter (where m.guest_id is not null), 0)::bigint as places_delivered,
       coalesce(sum(i.admitted), 0)::bigint as places_used
  from events e
  left join guests g on g.event_id = e.id
  left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
  left join (select distinct event_id, guest_id
               from deliveries
              where status in ('sent', 'delivered', 'read')) m
    on m.event_id = g.event_id and m.guest_id = g.id
 group by e.id
with no data;

create unique index kpi_events_key on kpi_events (event_id);

-- Deliveries by their current status. `priced` have the provider's pricing object; of those, `free`
-- were not charged. The free ones are counted by category, because the savings depend on its price.
create materialized view kpi_deliveries as
select organizer_id,
       event_id,
       (requested_at at time zone 'America/Mexico_City')::date as day,
       channel,
       status,
       simulated,
       count(*) as deliveries,
       count(pricing) as priced,
       count(*) filter (where is_free) as free,
       count(*) filter (where is_free and category = 'marketing') as free_marketing,
       count(*) filter (where is_free and category like 'authentication%') as free_authentication
  from (select d.organizer_id,
               d.event_id,
               d.channel,
               d.status,
               d.simulated,
               d.pricing,
               d.requested_at,
               pricing ->> 'category' as category,
               coalesce(pricing ->> 'type' like 'free%', false)
                 or coalesce(pricing ->> 'billable' = 'false', false) as is_free
          from deliveries d) d
 group by 1, 2, 3, 4, 5, 6
with no data;

create unique index kpi_deliveries_key
  on kpi_deliveries (organizer_id, event_id, day, channel, status, simulated);

-- What we predicted that WhatsApp would bill, compared with what it billed. Simulated messages are
-- left out, because nobody bills them.
create materialized view kpi_predictions as
select organizer_id,
       day,
       count(*) as compared,
       count(*) filter (where other_category) as other_category,
       count(*) filter (where other_charge) as other_charge,
       count(*) filter (where other_category or other_charge) as drifted
  from (select organizer_id,
               (coalesce(sent_at, requested_at) at time zone 'America/Mexico_City')::date as day,
               coalesce(predicted_category <> case
                 when pricing ->> 'category' like 'authentication%' then 'authentication'
                 when pricing ->> 'category' like 'marketing%' then 'marketing'
                 else pricing ->> 'category'
               end, false) as other_category,
               predicted_free <> (coalesce(pricing ->> 'type' like 'free%', false)
                 or coalesce(pricing ->> 'billable' = 'false', false)) as other_charge
          from deliveries
         where channel = 'whatsapp'
           and pricing is not null
           and predicted_free is not null
           and not simulated) d
 group by 1, 2
with no data;

create unique index kpi_predictions_key on kpi_predictions (organizer_id, day);

-- Payments by status, on the day of payment or else of creation. '' means no organizer.
create materialized view kpi_payments as
select coalesce(organizer_id, '') as organizer_id,
       (coalesce(paid_at, created_at) at time zone 'America/Mexico_City')::date as day,
       currency,
       provider,
       status,
       count(*) as payments,
       sum(amount_cents)::bigint as amount_cents
  from payments
 group by 1, 2, 3, 4, 5
with no data;

create unique index kpi_payments_key
  on kpi_payments (organizer_id, day, currency, provider, status);

-- The ledger by kind. The negative numbers of a reversal count under the kind of the row that it
-- reverses, on the day of the reversal.
create materialized view kpi_ledger as
select l.organizer_id,
       coalesce(l.event_id, '') as event_id,
       (l.effective_at at time zone 'America/Mexico_City')::date as day,
       l.currency,
       coalesce(r.kind, l.kind) as kind,
       sum(l.tickets)::bigint as tickets,
       sum(l.amount_cents)::bigint as amount_cents
  from ledger_entries l
  left join ledger_entries r on r.id = l.reverses_id
 group by 1, 2, 3, 4, 5
with no data;

create unique index kpi_ledger_key on kpi_ledger (organizer_id, event_id, day, currency, kind);

-- Time and duration of the last refresh of each view. A refresh first locks this table (SHARE
-- UPDATE EXCLUSIVE): LOCK TABLE takes no snapshot, so a REPEATABLE READ transaction that waited for
-- the lock sees what was committed meanwhile. Autovacuum is off, because it takes the same lock.
create table kpi_refreshes (
  view_name text primary key,
  refreshed_at timestamptz not null,
  took_ms integer not null
)
with (autovacuum_enabled = false);

-- Refreshes all views in the caller's transaction; in REPEATABLE READ they show the same snapshot.
-- A view that was never populated is refreshed without CONCURRENTLY, which PostgreSQL would refuse.
-- The workers, the API and infra/refresh-kpis.sh all call this function.
create function refresh_kpis(at timestamptz default now())
returns table (view_name text, took_ms integer)
language plpgsql as $$
declare
  mv record;
  began timestamptz;
begin
  for mv in
    select v.matviewname as name, v.ispopulated
      from pg_matviews v
     where v.schemaname = current_schema() and v.matviewname like 'kpi\_%'
     order by 1
  loop
    began := clock_timestamp();
    execute format('refresh materialized view %s %I',
      case when mv.ispopulated then 'concurrently' else '' end, mv.name);
    view_name := mv.name;
    took_ms := (1000 * extract(epoch from clock_timestamp() - began))::integer;
    insert into kpi_refreshes as k values (view_name, at, refresh_kpis.took_ms)
      on conflict on constraint kpi_refreshes_pkey
      do update set refreshed_at = excluded.refreshed_at, took_ms = excluded.took_ms;
    return next;
  end loop;
end $$;
