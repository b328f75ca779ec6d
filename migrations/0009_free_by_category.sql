-- What free messages saved is computed from what the provider said of each, by category and by the price of its day.
drop materialized view kpi_deliveries;
create materialized view kpi_deliveries as
select organizer_id, event_id, (requested_at at time zone 'America/Mexico_City')::date as day, channel, status, simulated,
       count(*) as deliveries,
       count(pricing) as priced,
       count(*) filter (where is_free) as free,
       count(*) filter (where is_free and category = 'marketing') as free_marketing,
       count(*) filter (where is_free and category like 'authentication%') as free_authentication
  from (select d.*, pricing ->> 'category' as category,
               coalesce(pricing ->> 'type' like 'free%', false) or coalesce(pricing ->> 'billable' = 'false', false) as is_free
          from deliveries d) d
 group by 1, 2, 3, 4, 5, 6
with no data;
create unique index kpi_deliveries_key on kpi_deliveries (organizer_id, event_id, day, channel, status, simulated);
