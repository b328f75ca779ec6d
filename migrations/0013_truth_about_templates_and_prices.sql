-- What WhatsApp approved under our templates' names, so that a difference is heard of before a message is refused.
alter table wa_templates
  add column category text,          -- WhatsApp's word, in lower case; null: it never said
  add column shape jsonb;            -- what it was approved with: header, variables, buttons; null: never listed

-- How many people a business may write to first in 24 hours, as WhatsApp last told. One row for the business portfolio.
create table wa_messaging_limit (
  is_only boolean primary key default true constraint wa_messaging_limit_one check (is_only),
  recipients integer,                -- null: no limit
  told_at timestamptz not null
);

-- What we expected to be billed for, written down when the message left; `pricing` says what was billed.
alter table deliveries
  add column predicted_category text,
  add column predicted_free boolean;
-- Whom WhatsApp counts in its 24 hours. A range index costs the sending nothing.
create index deliveries_sent on deliveries using brin (sent_at);

-- Free-form messages of a calendar month, counted now and then: WhatsApp gives the first of them for nothing.
create table wa_service_months (
  month date primary key,
  messages integer not null,
  counted_at timestamptz not null
);

-- Predicted against billed. A simulation bills nothing, so it is not here.
create materialized view kpi_predictions as
select organizer_id, day, count(*) as compared,
       count(*) filter (where other_category) as other_category,
       count(*) filter (where other_charge) as other_charge,
       count(*) filter (where other_category or other_charge) as drifted
  from (select organizer_id, (coalesce(sent_at, requested_at) at time zone 'America/Mexico_City')::date as day,
               coalesce(predicted_category <> case
                 when pricing ->> 'category' like 'authentication%' then 'authentication'
                 when pricing ->> 'category' like 'marketing%' then 'marketing'
                 else pricing ->> 'category' end, false) as other_category,
               predicted_free <> (coalesce(pricing ->> 'type' like 'free%', false)
                                  or coalesce(pricing ->> 'billable' = 'false', false)) as other_charge
          from deliveries
         where channel = 'whatsapp' and pricing is not null and predicted_free is not null and not simulated) d
 group by 1, 2
with no data;
create unique index kpi_predictions_key on kpi_predictions (organizer_id, day);
