-- A second wall between organizers. Requests of an organizer's users run as monotickets_tenant (src/platform/acting.ts), which
-- owns nothing and sees the rows of app.organizer alone. A table without a grant below is out of its reach.

do $$
begin
  if not exists (select from pg_roles where rolname = 'monotickets_tenant') then
    create role monotickets_tenant nologin nosuperuser nobypassrls nocreatedb nocreaterole;
  end if;
exception
  when duplicate_object or unique_violation then null; -- another database of this server is migrated at the same time
  when insufficient_privilege then
    raise exception 'This user may not create the role monotickets_tenant'
      using hint = format('As a superuser, once: create role monotickets_tenant nologin; grant monotickets_tenant to %I;', current_user);
end $$;

do $$
begin
  execute format('grant monotickets_tenant to %I', current_user);
exception
  when insufficient_privilege then null; -- whoever created the role has granted it; the programs check it when they start
end $$;

grant usage on schema public to monotickets_tenant;

-- The organizer for whom a transaction acts; null: none, so that no row is theirs.
create function current_organizer() returns text language sql stable parallel safe
as $$ select nullif(current_setting('app.organizer', true), '') $$;

-- Whose a row is. Subqueries obey the policies of the tables that they read.
do $$
declare
  own constant text := 'organizer_id = current_organizer()';
  of_event constant text := 'exists (select from events e where e.id = event_id)';
  of_payment constant text := 'exists (select from payments p where p.id = payment_id)';
  of_import constant text := 'exists (select from guest_imports i where i.id = import_id)';
  of_user constant text := 'exists (select from users u where u.id = user_id)';
  of_delivery constant text := 'exists (select from deliveries d where d.id = delivery_id)';
  rule record;
begin
  for rule in
    select *
      from (values
        ('organizers', 'id = current_organizer()'),
        ('api_keys', own),
        ('audit_entries', own),
        ('campaigns', own),
        ('deliveries', own),
        ('devices', own),
        ('email_stops', own),
        ('events', own),
        ('ledger_entries', own),
        ('ledger_months', own),
        ('ledger_sums', own),
        ('ledger_transactions', own),
        ('money_versions', own),
        ('opt_outs', own),
        ('payment_sums', own),
        ('payments', own),
        ('users', own),
        ('conversations', of_event),
        ('delivery_slots', of_event),
        ('event_staff', of_event),
        ('event_texts', of_event),
        ('guest_imports', of_event),
        ('guests', of_event),
        ('invitations', of_event),
        ('revoked_codes', of_event),
        ('scans', of_event),
        ('ticket_uses', of_event),
        ('waitlist_entries', of_event),
        ('delivery_attempts', of_delivery),
        ('delivery_events', of_delivery),
        ('guest_import_chunks', of_import),
        ('guest_import_rejects', of_import),
        ('guest_import_seen', of_import),
        ('invitation_answers', 'exists (select from invitations i where i.id = invitation_id)'),
        ('password_links', of_user),
        ('refresh_tokens', of_user),
        ('payment_facts', of_payment),
        ('payment_refunds', of_payment),
        ('payment_transitions', of_payment),
        -- A message before its event is known belongs to whoever has the phone among their guests.
        ('wa_messages', of_event || ' or event_id is null and (' ||
          'exists (select from guests g where g.phone = wa_messages.phone) or ' ||
          'exists (select from wa_contacts c join guests g on g.phone = c.phone where c.alias = wa_messages.user_id))')
      ) as rules (table_name, of_whom)
  loop
    execute format('alter table %I enable row level security', rule.table_name);
    execute format('create policy own on %I to monotickets_tenant using (%s)', rule.table_name, rule.of_whom);
    execute format('grant select, insert, update, delete on %I to monotickets_tenant', rule.table_name);
  end loop;
end $$;

-- Everybody may know which addresses bounced or complained.
create policy everybody on email_stops for select to monotickets_tenant using (organizer_id = '*');

-- Everybody may know that a channel is paused, and pause what is theirs.
alter table pauses enable row level security;
create policy own on pauses to monotickets_tenant
  using (scope = 'organizer' and scope_id = current_organizer()
    or scope = 'event' and exists (select from events e where e.id = scope_id)
    or scope = 'campaign' and exists (select from campaigns c where c.id = scope_id));
create policy channels on pauses for select to monotickets_tenant
  using (scope = 'channel');
grant select, insert, update, delete on pauses to monotickets_tenant;

-- What is known of a person on WhatsApp, to whoever has them among their guests.
do $$
declare
  name text;
begin
  foreach name in array array['wa_contacts', 'wa_windows', 'wa_unreachable', 'wa_marketing_stops']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy own on %1$I for select to monotickets_tenant
                      using (exists (select from guests g where g.phone = %1$I.phone))', name);
    execute format('grant select on %I to monotickets_tenant', name);
  end loop;
end $$;

-- What belongs to the platform.
grant select on wa_templates, wa_messaging_limit, channel_limits to monotickets_tenant;

-- The view reads its tables as whoever asks.
alter view wa_reactions set (security_invoker = true);
grant select on wa_reactions to monotickets_tenant;

-- How many numbers use WhatsApp's messaging limit, which all organizers share: those that got a template since `since`; others
-- that will get one until `due`; and of `phones` those that only a new campaign adds. It runs as its owner to count the
-- deliveries of all, and tells nothing else. A message into a window that is open since `window_floor` does not count.
create function count_messaging_limit(since timestamptz, due timestamptz, window_floor timestamptz, phones text[])
returns table (used bigint, waiting bigint, recipients bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  with used as (
    select distinct sent_to as phone
      from deliveries
     where channel = 'whatsapp' and not simulated
       and session_message is false
       and sent_to is not null
       and sent_at > since),
  waiting as (
    select distinct g.phone
      from deliveries d
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.channel = 'whatsapp'
       and d.status in ('queued', 'scheduled') and d.next_attempt_at <= due
       and d.answers_message is null
       and g.phone is not null
       and not exists (select from wa_windows w where w.phone = g.phone and w.last_inbound_at > window_floor)
    except select phone from used),
  asked as (
    select unnest(phones) as phone
    except select phone from used
    except select phone from waiting)
  select (select count(*) from used), (select count(*) from waiting), (select count(*) from asked)
$$;

-- Whether guests of another organizer have a number. It runs as its owner, and tells nothing else.
create function is_known_elsewhere(number text, organizer text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from guests g join events e on e.id = g.event_id where g.phone = number and e.organizer_id <> organizer)
$$;

-- A text as itself in a pattern.
create function like_literal(value text) returns text language sql immutable parallel safe as $$
  select regexp_replace(value, '([\\%_])', '\\\1', 'g')
$$;

-- The ids of an event's guests who have all `words` or the `number` in what is searched, newest first, at most `most` (null: all),
-- after `last_at` and `last_id`. It runs as its owner, because a condition such as `like` cannot use an index behind a policy;
-- the statement that asks reads the guests themselves, behind theirs.
create function search_guests(event text, words text[], number text, last_at timestamptz, last_id text, most integer)
returns setof text language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  has_words text := (
    select string_agg(format('search like %L', '%' || like_literal(word) || '%'), ' and ') from unnest(words) as word);
  has_number text := format('search like %L', '%' || like_literal(number) || '%');
begin
  return query execute format(
    'select id from guests
      where event_id = %L
        and (current_organizer() is null
             or exists (select from events e where e.id = event_id and e.organizer_id = current_organizer()))
        and (%s or %s) and (%L::timestamptz is null or (created_at, id) < (%L, %L))
      order by created_at desc, id desc limit %s',
    event, coalesce(has_words, 'false'), case when number is null then 'false' else has_number end,
    last_at, last_at, last_id, coalesce(most::text, 'all'));
end $$;
