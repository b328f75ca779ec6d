-- What a person did with a dead letter.
alter table dead_letters
  add column resolution text constraint dead_letters_resolution check (resolution in
    ('retried', 'discarded', 'arrived', 'superseded', 'moved', 'gone'));
create index dead_letters_newest on dead_letters (last_at desc, id desc);
