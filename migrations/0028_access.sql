-- Who may do what: invitations and new passwords by link, sessions that end at once, and the audit log.

alter table users
  alter column password_hash drop not null, -- until the person has chosen a password
  add column supervisor boolean not null default false
    constraint users_supervisor check (not supervisor or role = 'staff'),
  -- An access token names the version that it was made for. A newer one ends it.
  add column access_version integer not null default 0,
  add column access_changed_at timestamptz;

create index users_list on users (created_at desc, id desc);
create index users_organizer on users (organizer_id, created_at desc, id desc);
create index users_access_changed on users (access_changed_at) where access_changed_at is not null;

alter table refresh_tokens add column user_agent text;
create index refresh_tokens_user on refresh_tokens (user_id);
create index refresh_tokens_revoked on refresh_tokens (revoked_at) where revoked_at is not null;

-- Links to choose a password: each is valid once. A new one takes the place of those before it.
create table password_links (
  token_hash bytea primary key, -- SHA-256; the token itself is not stored
  user_id text not null references users (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_by text not null,
  created_at timestamptz not null
);

create index password_links_user on password_links (user_id);

-- Who changed what. No secrets.
create table audit_entries (
  id text primary key,
  at timestamptz not null,
  actor text not null, -- usr_… or the name of a command
  action text not null,
  entity text not null,
  entity_id text not null,
  organizer_id text,
  before jsonb,
  after jsonb,
  request_id text not null
);

create index audit_entries_list on audit_entries (at desc, id desc);
create index audit_entries_organizer on audit_entries (organizer_id, at desc, id desc);
create index audit_entries_entity on audit_entries (entity_id, at desc, id desc);
create index audit_entries_actor on audit_entries (actor, at desc, id desc);

create function audit_entries_stay() returns trigger language plpgsql as $$
begin
  raise exception 'audit_entries is append-only'
    using errcode = 'check_violation', constraint = 'audit_entries_append_only';
end $$;

create trigger audit_entries_append_only
  before update or delete on audit_entries
  for each row execute function audit_entries_stay();

create trigger audit_entries_kept
  before truncate on audit_entries
  for each statement execute function audit_entries_stay();
