-- The text of a guest's message is blanked after WA_MESSAGE_TEXT_DAYS; this finds those that still have one.
create index wa_messages_kept_text on wa_messages (received_at) where body is not null;
