-- Finding what a person wrote before we knew who they are, and the BAJAs and ALTAs of a number.
create index wa_messages_unknown on wa_messages (user_id) where phone is null;
create index wa_messages_opt_words on wa_messages (phone, sent_at) where rule in ('opt_out', 'opt_in');
