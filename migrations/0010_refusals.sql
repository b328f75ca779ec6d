-- What refusals leave behind: who wants no promotions on WhatsApp, and a channel that has to prove itself after an alarm.

-- One row a number, by the provider's clock: promotions are stopped while stopped_at is later than resumed_at.
create table wa_marketing_stops (
  phone text primary key,
  stopped_at timestamptz,
  source text constraint wa_marketing_stops_source check (source in ('refusal', 'preference')), -- of the stop
  resumed_at timestamptz,            -- ALTA, or the preference taken back; kept so that an older stop that comes late loses
  withheld_until timestamptz         -- 131049: WhatsApp gives this person no more promotions for now
);

alter table channel_limits
  -- Resting: our account was refused. Probing: the rest is over and one message tries for all.
  add column alarm text constraint channel_limits_alarm check (alarm in ('resting', 'probing'));

alter table deliveries
  -- When 131049 put it off by a day. It has no second later try.
  add column withheld_at timestamptz;
