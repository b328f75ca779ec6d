-- Signed passes: the keys that sign them, and codes that were withdrawn. And how long the door takes.

-- A private key is derived from JWT_SECRET and `salt`, so the database alone cannot sign a pass. Keys
-- stay: a pass says itself until when it is valid.
create table signing_keys (
  kid integer generated always as identity primary key
    constraint signing_keys_kid check (kid between 1 and 32767), -- what a pass has room for
  salt bytea not null,
  public_key bytea not null constraint signing_keys_public check (octet_length(public_key) = 32),
  created_by text not null,
  created_at timestamptz not null
);

-- Grows when the pass is revoked, and the code is replaced then. A pass names the version that it was made for.
alter table invitations
  add column pass_version integer not null default 1
    constraint invitations_pass_version check (pass_version between 1 and 32767);

-- The codes that invitations had before they were revoked: they open nothing any more, and the door says why.
create table revoked_codes (
  code text primary key,
  event_id text not null references events (id) on delete cascade,
  invitation_id text not null references invitations (id) on delete cascade,
  version integer not null,
  revoked_by text not null,
  reason text,
  revoked_at timestamptz not null
);

create index revoked_codes_key on revoked_codes (code_key(code));
create index revoked_codes_event on revoked_codes (event_id, revoked_at);
create index revoked_codes_invitation on revoked_codes (invitation_id);

-- How long the device's scan before this one took, from the reading to the answer: measured by one clock, and told with the next
-- scan because it is known only then.
alter table scans
  add column last_took_ms integer constraint scans_last_took check (last_took_ms >= 0);
