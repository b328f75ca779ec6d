-- WhatsApp messages from guests, and how we understood them. The primary key makes a redelivered
-- webhook harmless.

create table wa_messages (
  id text primary key, -- the provider's message id
  inbound_event_id text not null,
  phone text, -- null while only the user id is known
  user_id text, -- business-scoped user id
  type text not null,
  body text, -- set to null after WA_MESSAGE_TEXT_DAYS
  context_message_id text, -- the message that it replies to
  sent_at timestamptz not null, -- by the provider's clock
  received_at timestamptz not null,
  simulated boolean not null default false,

  -- How we understood it
  event_id text,
  guest_id text,
  intent text, -- yes, no, maybe or null
  party_size integer,
  confidence real, -- of the intent, 0 to 1
  rule text, -- the rule that matched
  outcome text -- what we did with it; a stable code
);

create index wa_messages_intent on wa_messages (event_id, guest_id, sent_at)
  where intent is not null;
-- Messages from before the person's number was known.
create index wa_messages_unknown on wa_messages (user_id)
  where phone is null;
create index wa_messages_opt_words on wa_messages (phone, sent_at)
  where rule in ('opt_out', 'opt_in');
create index wa_messages_kept_text on wa_messages (received_at)
  where body is not null;
