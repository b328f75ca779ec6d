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

-- What is recorded of which table, and after which changes; `further`: one more condition.
do $$
declare
  rule record;
begin
  for rule in
    select *
      from (values
        ('organizers', 'insert or update', null, 'organizer', 'id',
          'name', ''),
        ('events', 'insert or update or delete', null, 'event', 'id',
          'name type status starts_at ends_at time_zone location venue capacity rsvp_until ' ||
          'landing_ttl_days door_policy doors_open_minutes reentry cancel_reason', ''),
        -- A list of guests is one entry of guest_imports.
        ('guests', 'insert or update or delete', 'current_setting(''app.bulk'', true) is distinct from ''on''', 'guest', 'id',
          'event_id party_size locale anonymized_at', 'name phone email notes tags companions'),
        ('guest_imports', 'insert', null, 'guest_import', 'id',
          'event_id format status created updated unchanged rejected', ''),
        ('invitation_answers', 'insert', 'new.source = ''staff''', 'answer', 'invitation_id',
          'answer places', 'note'),
        ('conversations', 'insert or update of assignee_id', null, 'conversation', 'guest_id',
          'event_id assignee_id', ''),
        ('scans', 'update of undone_at', null, 'scan', 'scan_id',
          'event_id undone_at', 'undo_reason'),
        -- The rows of a preflight are forecasts.
        ('campaigns', 'update', null, 'campaign', 'id',
          'status schedule scheduled_at cancelled_at', ''),
        ('pauses', 'insert or update or delete', null, 'pause', 'scope_id',
          'scope scope_id source reason until', ''),
        ('payments', 'insert or update', null, 'payment', 'id',
          'kind organizer_id event_id provider status amount_cents currency method reference ' ||
          'paid_at', 'note'),
        ('payment_refunds', 'insert', null, 'refund', 'id',
          'payment_id amount_cents currency reason', ''),
        ('payment_reviews', 'update of status', null, 'payment_review', 'id',
          'status decision payment_id', ''),
        ('ledger_transactions', 'insert', null, 'ledger_transaction', 'id',
          'kind event_id payment_id reverses_id reason effective_at', ''),
        ('dead_letters', 'update of resolved_at', null, 'dead_letter', 'id',
          'kind ref_id resolution', ''),
        -- Who took data with them.
        ('exports', 'insert', null, 'export', 'id',
          'report format filter', ''),
        ('event_texts', 'insert or update', null, 'event_text', 'event_id',
          'locale title greeting body dress_code gifts thanks', ''),
        ('waitlist_entries', 'insert or delete', null, 'waitlist_entry', 'guest_id',
          'event_id party_size', ''),
        ('revoked_codes', 'insert', null, 'pass', 'invitation_id',
          'event_id version', ''),
        ('event_staff', 'insert or update or delete', null, 'event_staff', 'user_id',
          'event_id user_id gate', ''),
        ('api_keys', 'insert or update or delete', null, 'api_key', 'id',
          'name prefix scopes expires_at replaced_by', ''),
        ('devices', 'insert or update or delete', null, 'device', 'id',
          'event_id gate name', '')
      ) as rules (table_name, changes, further, entity, id_column, kept, personal)
  loop
    execute format(
      'create trigger audit after %s on %I for each row when (current_setting(''app.actor'', true) <> '''' %s)
       execute function audit_change(%L, %L, %L, %L)',
      rule.changes, rule.table_name, ' and ' || rule.further, rule.entity, rule.id_column, rule.kept, rule.personal);
  end loop;
end $$;

-- An import by a job, for whoever asked for it.
create trigger audit_end
  after update of status on guest_imports
  for each row when (new.status in ('completed', 'failed') and new.status <> old.status)
  execute function audit_change('guest_import', 'id', 'event_id format status created updated unchanged rejected', '');
