-- An invitation changes in place when its page has room: a change of the answer or of the admitted people then touches none of
-- the four indexes. Every invitation is changed some times after it was imported. Rows that exist move there as they change.
alter table invitations set (fillfactor = 60);
