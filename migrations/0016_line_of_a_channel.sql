-- Turns are given for the next seconds only; who finds none is told when the line ends, and asks again then.
alter table channel_limits add column line_ends_at timestamptz not null default '-infinity';
