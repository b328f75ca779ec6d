-- Whose words a WhatsApp message has, what later messages changed about it, and who its sender is
-- when WhatsApp shows no number.

alter table wa_messages
  add column parent_user_id text, -- the second user id, which a portfolio of several businesses has
  add column direction text not null default 'in'
    constraint wa_messages_direction
    check (direction in ('in', 'out')), -- out: written by us in WhatsApp itself; phone is the guest's
  add column origin text not null default 'live'
    constraint wa_messages_origin
    check (origin in ('live', 'forwarded', 'history')),
  add column target_message_id text, -- the message that a reaction, an edit or a withdrawal is about
  add column edited_at timestamptz, -- body is the text of the last edit
  add column withdrawn_at timestamptz; -- the sender deleted the message; body is null

create index wa_messages_target on wa_messages (target_message_id)
  where target_message_id is not null;
-- Like wa_messages_unknown, for the second user id.
create index wa_messages_unknown_parent on wa_messages (parent_user_id)
  where phone is null;
create index wa_messages_thread on wa_messages (phone, sent_at);

-- The reactions that stand now: of each person's reactions to a message the last one counts, and one
-- without an emoji removes it.
create view wa_reactions as
  select last.id, last.message_id, last.emoji, last.reacted_at
    from (
      select distinct on (target_message_id, coalesce(phone, user_id))
             id, target_message_id as message_id, body as emoji, sent_at as reacted_at
        from wa_messages
       where target_message_id is not null
         and type = 'reaction'
         and direction = 'in'
       order by target_message_id, coalesce(phone, user_id), sent_at desc, received_at desc) last
   where last.emoji is not null;

-- The reactions to the message of a delivery, of its current or an earlier attempt, as [{ emoji, at }].
create function reactions_to(delivery deliveries) returns json language sql stable as $$
  select coalesce(
           json_agg(
             json_build_object(
               'emoji', emoji,
               'at', to_char(reacted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
             order by reacted_at),
           '[]')
    from wa_reactions
   where message_id = delivery.provider_message_id
      or message_id in (
        select provider_message_id from delivery_attempts where delivery_id = delivery.id)
$$;

-- phone is a user id while its number is unknown. 'message': the button Stop promotions.
alter table wa_marketing_stops
  drop constraint wa_marketing_stops_source,
  add constraint wa_marketing_stops_source
    check (source in ('refusal', 'preference', 'message'));
