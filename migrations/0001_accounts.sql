-- Organizers, their users and the refresh tokens of those users.
--
-- Identifiers are text: a prefix and a UUID that sorts by time. Organizers, events and guests may
-- also have an id chosen by the caller ([A-Za-z0-9_-]{1,64}).

create table organizers (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);

create table users (
  id text primary key,
  organizer_id text references organizers (id),
  email text not null check (email = lower(email)),
  name text not null,
  role text not null
    constraint users_role check (role in ('director', 'organizer', 'staff', 'viewer')),
  password_hash text not null, -- argon2id, PHC string
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  constraint users_email_unique unique (email),
  -- Every user except a director belongs to one organizer, which limits what the user can see.
  constraint users_tenant check ((role = 'director') = (organizer_id is null))
);

-- One row per refresh token issued. Reuse of a token revokes its whole family (RFC 9700, 4.14).
create table refresh_tokens (
  token_hash bytea primary key, -- SHA-256; the token itself is not stored
  family_id text not null,
  user_id text not null references users (id) on delete cascade,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);

create index refresh_tokens_family on refresh_tokens (family_id);
