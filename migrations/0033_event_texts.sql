-- What organizers write on the page of an invitation, in each language.

create table event_texts (
  event_id text not null references events (id) on delete cascade,
  locale text not null
    constraint event_texts_locale check (locale in ('es-MX', 'en')),
  title text, -- in the place of the event's name
  greeting text,
  body text,
  dress_code text,
  gifts text,
  thanks text, -- once the event is over
  updated_by text not null,
  updated_at timestamptz not null,
  primary key (event_id, locale)
);
