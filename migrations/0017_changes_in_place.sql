-- A claim and a status change a delivery in its place: PostgreSQL renews no entry of any index ("heap-only tuple") as long as
-- no indexed column changes and the page has room. So status is in no key and no condition of an index, a claim leaves the
-- due time alone, and pages are filled by half: a row is written four or five times in its first minutes.
-- What is on its way is found by its open attempt, what is unknown by a column that changes only then.
alter table deliveries set (fillfactor = 50);
alter table deliveries add column is_unknown boolean not null generated always as (status = 'unknown') stored;

drop index deliveries_leased;
create index delivery_attempts_open on delivery_attempts (delivery_id) where finished_at is null;
-- Evidence closed the attempt of a row that still said `sending`; without it the sweep would not find the row any more.
update delivery_attempts a set finished_at = null, outcome = null
  from deliveries d where d.id = a.delivery_id and d.status = 'sending' and a.n = d.attempts and a.finished_at is not null;

drop index deliveries_unknown;
create index deliveries_unknown on deliveries (next_attempt_at) where is_unknown;

drop index deliveries_held;
create index deliveries_held on deliveries (reason) where next_attempt_at is null and reason is not null;

drop index deliveries_campaign;
create index deliveries_campaign on deliveries (campaign_id) where campaign_id is not null;

-- The machine as before. A function in SQL is parsed anew by every statement whose trigger asks it, one in PL/pgSQL once a
-- connection; and a trigger that asks before the change makes PostgreSQL lock the row a second time.
create or replace function delivery_may_become(current text, next text) returns boolean
  language plpgsql immutable parallel safe as $$
begin
  return $2 = any (case current
    when 'scheduled' then array['sending', 'skipped']
    when 'queued'    then array['sending', 'skipped', 'sent', 'delivered', 'read', 'failed'] -- late evidence of an earlier attempt
    when 'sending'   then array['queued', 'sent', 'unknown', 'failed', 'dead', 'skipped', 'delivered', 'read']
    when 'unknown'   then array['queued', 'sent', 'delivered', 'read', 'failed', 'dead', 'skipped']
    when 'sent'      then array['delivered', 'read', 'failed', 'queued', 'dead']
    when 'delivered' then array['read']
    when 'failed'    then array['delivered', 'read', 'queued']
    when 'dead'      then array['sent', 'delivered', 'read', 'failed', 'queued', 'skipped']
    when 'skipped'   then array['queued']
    else array[]::text[] end);
end $$;

drop trigger deliveries_forward_only on deliveries;
create trigger deliveries_forward_only after update of status on deliveries for each row
  when (new.status <> old.status and not delivery_may_become(old.status, new.status))
  execute function refuse_delivery_step_back();
