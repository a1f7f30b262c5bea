-- What a person corrected in an item: a list of { path, was, now, by, at }, beside the bytes that came. Corrections of records come
-- in as items of the source "person".
alter table item add column edits jsonb;
alter table item drop constraint item_via_check;
alter table item add constraint item_via_check check (via in ('pull', 'webhook', 'answer', 'person')) not valid;

-- Whether a call was refused for certain whenever it was sent: only then may it be asked for with another request, under another key.
create function was_refused(handoff_id bigint, uncertain_since timestamptz) returns boolean language sql stable as $$
  select uncertain_since is null
     and not exists (select from attempt where attempt.handoff_id = was_refused.handoff_id and kind in ('uncertain', 'conflict'))
$$;
