-- What the simulated provider needs to know of a message: guests reply to invitations only, and a template is billed by
-- its category.
alter table simulated_messages
  add column template text not null default '',
  add column category text not null default 'utility';
