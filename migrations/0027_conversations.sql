-- Conversations with guests, as the people of an organizer work on them.

-- What the team of an event knows about its conversation with a guest. The messages themselves are wa_messages and
-- deliveries. There is no row until somebody reads or assigns the conversation.
create table conversations (
  event_id text not null,
  guest_id text not null,
  read_at timestamptz, -- what was received until then is read, by the team and not by each person
  read_by text, -- the user who read it last
  assignee_id text references users (id) on delete set null,
  assigned_at timestamptz,
  assigned_by text,
  primary key (event_id, guest_id),
  foreign key (event_id, guest_id) references guests (event_id, id) on delete cascade
);

create index conversations_assignee on conversations (assignee_id)
  where assignee_id is not null;

alter table wa_messages
  add column attachment_type text, -- the media type; the file stays at WhatsApp
  add column attachment_name text, -- of a document; null after WA_MESSAGE_TEXT_DAYS, like the body
  -- No guest had the sender's number when the message came or its number was learned.
  add column is_unmatched boolean not null default false;

-- An interpreted message has an event, so its sender is a guest.
update wa_messages m
   set is_unmatched = true
 where m.event_id is null
   and m.direction = 'in'
   and not exists (select 1 from guests g where g.phone = m.phone);

create index wa_messages_unmatched on wa_messages (received_at)
  where is_unmatched;
-- What is new, for the stream of an event.
create index wa_messages_received on wa_messages (received_at);

drop index wa_messages_kept_text;
create index wa_messages_kept_text on wa_messages (received_at)
  where body is not null or attachment_name is not null;

-- One automatic reply of each kind per message. People may write as often as they like.
drop index deliveries_answer;
create unique index deliveries_answer on deliveries (answers_message, template)
  where answers_message is not null and template <> 'personal_reply';

-- 'staff': somebody of the organizer wrote down what the guest said, such as by telephone.
alter table invitations
  drop constraint invitations_answered_by,
  add constraint invitations_answered_by
    check (answered_by in ('landing', 'whatsapp', 'organizer', 'staff'));
alter table invitation_answers
  add column answered_by text, -- the user who wrote the answer down; null: the guest did
  add column note text;
