-- What a person laid aside while its write may have happened stays uncertain: a later version is not created blindly. Nothing of it
-- is on its way, so nothing waits for it either.
create or replace function has_arrived(waiting_for text) returns boolean language sql stable as $$
  select case split_part(waiting_for, ':', 1)
    when 'record' then exists (
      select from record where version > 0
        and type = split_part(waiting_for, ':', 2)
        and key = substr(waiting_for, length('record:' || split_part(waiting_for, ':', 2)) + 2))
    when 'link' then exists (
      select from link
      where connection = split_part(split_part(waiting_for, ':', 2), '.', 1)
        and resource = substr(split_part(waiting_for, ':', 2), strpos(split_part(waiting_for, ':', 2), '.') + 1)
        and external_id = substr(waiting_for, length('link:' || split_part(waiting_for, ':', 2)) + 2))
    when 'sent' then exists (
      select from record join link on link.record_id = record.id
      where link.connection = split_part(split_part(waiting_for, ':', 2), '.', 1)
        and link.resource = substr(split_part(waiting_for, ':', 2), strpos(split_part(waiting_for, ':', 2), '.') + 1)
        and record.key = substr(waiting_for, length('sent:' || split_part(waiting_for, ':', 2)) + 2))
    when 'create' then not exists (
      select from handoff
      where id = split_part(waiting_for, ':', 2)::bigint and (state = 'sending' or uncertain_since is not null and state <> 'resting'))
    when 'moment' then hub_now() >= substr(waiting_for, length('moment:') + 1)::timestamptz
    else false end
$$;
