-- The audit log is written by the database: whatever somebody changes leaves an entry in the same transaction, by whom and by
-- which request (src/platform/acting.ts). What workers and webhooks change has no actor and leaves none; it has histories of
-- its own. Accounts have entries that auth/audit.ts writes, which say more.

-- 'party_size' → 'partySize', as the API names a field.
create function api_name(column_name text) returns text language sql immutable parallel safe as $$
  select left(column_name, 1) || substr(replace(initcap(replace(column_name, '_', ' ')), ' ', ''), 2)
$$;

-- Arguments of its triggers: the kind of object; the column of its id; the columns that are kept, separated by spaces; the
-- columns of personal data, of which `changed` only names those that changed. What no argument names is not kept.
create function audit_change() returns trigger language plpgsql as $$
declare
  old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
  new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
  any_row jsonb := coalesce(new_row, old_row);
  was jsonb := '{}';
  becomes jsonb := '{}';
  field text;
  names text[];
  owner text := coalesce(
    current_organizer(),
    any_row ->> 'organizer_id',
    case when tg_argv[0] = 'organizer' then any_row ->> 'id' end,
    case when any_row ->> 'scope' = 'organizer' then any_row ->> 'scope_id' end);
begin
  foreach field in array string_to_array(tg_argv[2], ' ')
  loop
    continue when old_row -> field is not distinct from new_row -> field;
    was := was || jsonb_build_object(api_name(field), old_row -> field);
    becomes := becomes || jsonb_build_object(api_name(field), new_row -> field);
  end loop;
  names := array(
    select api_name(name)
      from unnest(string_to_array(tg_argv[3], ' ')) as name
     where tg_op = 'UPDATE' and old_row -> name is distinct from new_row -> name);
  if cardinality(names) > 0 then
    becomes := becomes || jsonb_build_object('changed', names);
  end if;
  if tg_op = 'UPDATE' and becomes = '{}' then
    return null;
  end if;
  -- Ids of guests are unique within their event.
  if tg_op <> 'DELETE' and any_row ? 'event_id' then
    becomes := becomes || jsonb_build_object('eventId', any_row -> 'event_id');
  end if;
  if owner is null then
    select e.organizer_id into owner
      from events e
     where e.id = coalesce(any_row ->> 'event_id', case when any_row ->> 'scope' = 'event' then any_row ->> 'scope_id' end);
  end if;
  if owner is null then
    select p.organizer_id into owner from payments p where p.id = any_row ->> 'payment_id';
  end if;
  if owner is null then
    select e.organizer_id into owner
      from invitations i join events e on e.id = i.event_id
     where i.id = any_row ->> 'invitation_id';
  end if;
  if owner is null and any_row ->> 'scope' = 'campaign' then
    select c.organizer_id into owner from campaigns c where c.id = any_row ->> 'scope_id';
  end if;
  insert into audit_entries (id, at, actor, action, entity, entity_id, organizer_id, before, after, request_id)
  values ('aud_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
            || left(replace(gen_random_uuid()::text, '-', ''), 20),
          clock_timestamp(), coalesce(nullif(current_setting('app.actor', true), ''), any_row ->> 'requested_by'),
          tg_argv[0] || case tg_op when 'INSERT' then '_created' when 'DELETE' then '_deleted' else '_changed' end,
          tg_argv[0], any_row ->> tg_argv[1], owner,
          case when old_row is not null then was end,
          case when new_row is not null then becomes end,
          coalesce(nullif(current_setting('app.request', true), ''), any_row ->> 'request_id'));
  return null;
end $$;

create trigger audit
  after insert or update on organizers
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('organizer', 'id', 'name', '');

create trigger audit
  after insert or update or delete on events
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('event', 'id',
    'name type status starts_at ends_at time_zone location venue capacity rsvp_until landing_ttl_days door_policy
     doors_open_minutes reentry cancel_reason', '');

-- A list of guests is one entry of guest_imports.
create trigger audit
  after insert or update or delete on guests
  for each row when (current_setting('app.actor', true) <> '' and current_setting('app.bulk', true) is distinct from 'on')
  execute function audit_change('guest', 'id', 'event_id party_size locale anonymized_at', 'name phone email notes tags companions');

create trigger audit
  after insert on guest_imports
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('guest_import', 'id', 'event_id format status created updated unchanged rejected', '');
-- By a job: for whoever asked for it.
create trigger audit_end
  after update of status on guest_imports
  for each row when (new.status in ('completed', 'failed') and new.status <> old.status)
  execute function audit_change('guest_import', 'id', 'event_id format status created updated unchanged rejected', '');

create trigger audit
  after insert on invitation_answers
  for each row when (current_setting('app.actor', true) <> '' and new.source = 'staff')
  execute function audit_change('answer', 'invitation_id', 'answer places', 'note');

create trigger audit
  after insert or update of assignee_id on conversations
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('conversation', 'guest_id', 'event_id assignee_id', '');

create trigger audit
  after update of undone_at on scans
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('scan', 'scan_id', 'event_id undone_at', 'undo_reason');

-- The rows of a preflight are forecasts.
create trigger audit
  after update on campaigns
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('campaign', 'id', 'status schedule scheduled_at cancelled_at', '');

create trigger audit
  after insert or update or delete on pauses
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('pause', 'scope_id', 'scope scope_id source reason until', '');

create trigger audit
  after insert or update on payments
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('payment', 'id',
    'kind organizer_id event_id provider status amount_cents currency method reference paid_at', 'note');

create trigger audit
  after insert on payment_refunds
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('refund', 'id', 'payment_id amount_cents currency reason', '');

create trigger audit
  after update of status on payment_reviews
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('payment_review', 'id', 'status decision payment_id', '');

create trigger audit
  after insert on ledger_transactions
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('ledger_transaction', 'id', 'kind event_id payment_id reverses_id reason effective_at', '');

create trigger audit
  after update of resolved_at on dead_letters
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('dead_letter', 'id', 'kind ref_id resolution', '');

-- Who took data with them.
create trigger audit
  after insert on exports
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('export', 'id', 'report format filter', '');

create trigger audit
  after insert or update on event_texts
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('event_text', 'event_id', 'locale title greeting body dress_code gifts thanks', '');

create trigger audit
  after insert or delete on waitlist_entries
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('waitlist_entry', 'guest_id', 'event_id party_size', '');

create trigger audit
  after insert on revoked_codes
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('pass', 'invitation_id', 'event_id version', '');

create trigger audit
  after insert or update or delete on event_staff
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('event_staff', 'user_id', 'event_id user_id gate', '');

create trigger audit
  after insert or update or delete on api_keys
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('api_key', 'id', 'name prefix scopes expires_at replaced_by', '');

create trigger audit
  after insert or update or delete on devices
  for each row when (current_setting('app.actor', true) <> '')
  execute function audit_change('device', 'id', 'event_id gate name', '');
