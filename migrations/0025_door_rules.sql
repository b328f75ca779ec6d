-- The rules of a door: when it opens, whom it admits, and whether people may leave and come back.
-- Scans can be undone, and devices that were offline upload theirs later.

alter table events
  -- Whom the door admits: everybody invited, or only those who said yes.
  add column door_policy text not null default 'invited'
    constraint events_door_policy check (door_policy in ('invited', 'confirmed')),
  -- How long before the start the door opens.
  add column doors_open_minutes integer not null default 180
    constraint events_doors_open check (doors_open_minutes >= 0),
  add column reentry text not null default 'none'
    constraint events_reentry check (reentry in ('none', 'exit_then_entry'));

-- People who came in and went out again. Inside are admitted - outside, so that whoever has left
-- still counts as a guest who came.
alter table invitations
  add column outside integer not null default 0,
  add constraint invitations_outside check (outside between 0 and admitted);

alter table scans
  add column direction text not null default 'in'
    constraint scans_direction check (direction in ('in', 'out')),
  -- When a scan of an offline device took place: its own time, corrected by the error of its clock.
  -- Null for a scan that was checked online.
  add column offline_at timestamptz,
  -- How far the device's clock was behind ours at the upload.
  add column clock_skew_ms bigint,
  -- The admission that came first, when two gates admitted one code while one of them was offline.
  add column conflicts_with text constraint scans_conflict references scans (id) on delete set null,
  add column undone_at timestamptz,
  add column undone_by text,
  add column undo_reason text;

-- The old reasons were those of other lists: a campaign is over or a draft, too.
update scans set reason = 'closed' where reason = 'event_over';
update scans set reason = 'not_yet_open' where reason = 'event_draft';

-- The admissions of an invitation in the order in which they took place.
create index scans_admissions on scans (invitation_id, (coalesce(offline_at, received_at)))
  where result = 'valid';
drop index scans_invitation;

create index scans_conflicts on scans (event_id, received_at desc, id desc)
  where conflicts_with is not null;

-- For the deletion of a scan that others refer to.
create index scans_conflicts_with on scans (conflicts_with)
  where conflicts_with is not null;
