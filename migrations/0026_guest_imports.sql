-- Imports of guest lists: who sent one, what it did, and the rows that were refused.

create table guest_imports (
  id text primary key,
  event_id text not null references events (id) on delete cascade,
  format text not null
    constraint guest_imports_format check (format in ('csv', 'xlsx')),
  headings text[] not null, -- of the columns, as they stand in the file
  created integer not null,
  updated integer not null,
  unchanged integer not null,
  rejected integer not null,
  requested_by text not null,
  request_id text not null,
  created_at timestamptz not null
);

create index guest_imports_event on guest_imports (event_id, created_at desc, id desc);
create index guest_imports_age on guest_imports (created_at);

-- Kept as they were sent, so that they can be mended and sent again.
create table guest_import_rejects (
  import_id text not null references guest_imports (id) on delete cascade,
  row_number integer not null, -- as a spreadsheet counts
  cells text[] not null,
  errors jsonb not null,
  primary key (import_id, row_number)
);

-- An import finds its guests by e-mail and, when there is no address, by name; by phone it finds them already.
create index guests_email_lookup on guests (event_id, email)
  where email is not null;
create index guests_name_lookup on guests (event_id, split_part(search, E'\t', 1));
