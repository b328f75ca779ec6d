-- What the lists of guests and deliveries search and show.

-- A text as it is searched: in plain letters (NFKD also decomposes styled ones), without accents,
-- case, or the punctuation that people leave out; a dash separates words. The same function
-- prepares what is stored and what is asked for.
create function search_text(words text) returns text
language sql immutable strict parallel safe
return replace(translate(btrim(lower(regexp_replace(
  regexp_replace(normalize(words, nfkd), '[-/\u2010-\u2015\s]+', ' ', 'g'),
  '[\u0300-\u036f''’‘´`".,;:()+]', '', 'g'))), 'łđħøı', 'ldhoi'), 'ß', 'ss');

-- Name, phone and e-mail of a guest, with tabs between them, so that no word spans two.
alter table guests add column search text not null
  generated always as (
    search_text(name) || E'\t' || coalesce(search_text(phone), '')
                      || E'\t' || coalesce(search_text(email), '')) stored;

-- Finds three letters anywhere in a text. A trusted extension: the owner of the database may create it.
create extension if not exists pg_trgm;
create index guests_search on guests using gin (search gin_trgm_ops);

-- The list of guests, newest first.
create index guests_event on guests (event_id, created_at desc, id desc);

-- Thanks wait for the end of an event that was moved after they were requested.
alter table deliveries drop constraint deliveries_waiting_for;
alter table deliveries add constraint deliveries_waiting_for
  check (waiting_for in ('organizer_paused', 'event_paused', 'campaign_paused', 'channel_paused',
                         'rate_limit', 'recipient_rate', 'quiet_hours', 'marketing_withheld',
                         'event_not_over', 'retry'));
