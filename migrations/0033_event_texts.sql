-- What organizers write on the page of an invitation, in each language, and where WhatsApp has the files that guests sent.

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

-- Of the file at WhatsApp; null after WA_MESSAGE_TEXT_DAYS, like the body, and when the message was withdrawn.
alter table wa_messages add column attachment_id text;

drop index wa_messages_kept_text;
create index wa_messages_kept_text on wa_messages (received_at)
  where body is not null or attachment_name is not null or attachment_id is not null;
