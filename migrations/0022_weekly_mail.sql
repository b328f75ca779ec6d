-- The weekly e-mail to directors, and the language of a user.

alter table users
  add column language text not null default 'es-MX'
    constraint users_language check (language in ('es-MX', 'en')),
  add column weekly_email boolean not null default false; -- for directors only

-- One row per director and week, made before anything is sent. The row owns the retry.
create table weekly_emails (
  id text primary key, -- the provider's idempotency key
  user_id text not null references users (id) on delete cascade,
  week date not null -- the Monday on which it is sent
    constraint weekly_emails_monday check (extract(isodow from week) = 1),
  figures jsonb not null, -- every attempt says the same
  stop_token text not null, -- of the link that turns it off
  status text not null default 'waiting'
    constraint weekly_emails_status check (status in ('waiting', 'sending', 'sent', 'failed', 'skipped')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  lease_until timestamptz, -- later than this its worker has died
  reason text, -- of the last attempt that failed
  provider_message_id text,
  sent_at timestamptz,
  created_at timestamptz not null,
  constraint weekly_emails_once unique (user_id, week),
  constraint weekly_emails_stop_token unique (stop_token),
  constraint weekly_emails_lease check ((status = 'sending') = (lease_until is not null)),
  constraint weekly_emails_sent check ((status = 'sent') = (sent_at is not null))
);

create index weekly_emails_open on weekly_emails (week) where status in ('waiting', 'sending');
