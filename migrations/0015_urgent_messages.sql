-- What is nudged before whatever waits in the queue: an answer to a guest, and the e-mail in the place of a message that
-- WhatsApp could not deliver, which is promised within a minute.
create index deliveries_due_urgent on deliveries (next_attempt_at)
  where next_attempt_at is not null and (answers_message is not null or fallback_of is not null);
drop index deliveries_due_answers;
